/** The HTTP side of a fake hub: reading the request, and answering it rightly or wrongly. */
import { createHash } from "node:crypto";
import type { Behaviour } from "./behaviour.ts";

/** One request as it came. Header names are in lower case. */
export interface Handshake {
  /** Counts from 0; what a script is called with. */
  readonly index: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `performance.now()` when it was read. */
  readonly atMs: number;
}

/** Reads a request's head: the lines before the empty one. */
export function parseHead(head: string, index: number): Handshake {
  const [requestLine = "", ...lines] = head.split("\r\n");
  const [method = "", path = ""] = requestLine.split(" ");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { index, method, path, headers, atMs: performance.now() };
}

/** A response that ends the exchange. */
export function responseText({ status, headers = {}, body = "" }: NonNullable<Behaviour["refuse"]>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${status} Scripted\r\n${lines}Content-Length: ${Buffer.byteLength(body)}\r\n` +
    `Connection: close\r\n\r\n${body}`;
}

/** The answer that opens a WebSocket. */
export function upgradeText(handshake: Handshake): string {
  const key = handshake.headers["sec-websocket-key"] ?? "";
  const accept = createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${accept}\r\n\r\n`;
}
