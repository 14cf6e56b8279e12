import { type LocalServer, type LocalServerOptions, startLocalServer } from "../../lib/local/server.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeAgentPort } from "./fake_agent_port.ts";

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; undefined where it is none. */
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

/** Options of {@linkcode LocalRig.start}. */
export interface RigOptions extends Partial<Omit<LocalServerOptions, "port">> {
  /** Listens on 127.0.0.1 with {@linkcode TOKEN}, and shows that to it. */
  overTcp?: boolean;
}

export const TOKEN = "local-s3cret";

/** A server in front of a fake agent, and a client for it. */
export class LocalRig implements AsyncDisposable {
  readonly port = new FakeAgentPort();
  readonly folder = new TempFolder();
  readonly #overTcp: boolean;
  #server: LocalServer | undefined;
  #client: Deno.HttpClient | undefined;

  private constructor(overTcp: boolean) {
    this.#overTcp = overTcp;
  }

  static async start({ overTcp = false, ...options }: RigOptions = {}): Promise<LocalRig> {
    const rig = new LocalRig(overTcp);
    try {
      rig.#server = await startLocalServer({
        listen: overTcp ? "127.0.0.1:0" : rig.folder.at("pawl.sock"),
        token: overTcp ? TOKEN : undefined,
        port: rig.port,
        ...options,
      });
      rig.#client = Deno.createHttpClient(
        overTcp ? {} : { proxy: { transport: "unix", path: rig.server.address } },
      );
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  get server(): LocalServer {
    if (this.#server === undefined) throw new Error("the server has not been started");
    return this.#server;
  }

  /** Asks the server. */
  async fetch(path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers(init.headers);
    if (this.#overTcp && !headers.has("authorization")) headers.set("authorization", `Bearer ${TOKEN}`);
    const base = this.#overTcp ? this.server.address : "http://localhost";
    const response = await fetch(base + path, {
      ...init,
      headers,
      ...(this.#client && { client: this.#client }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  }

  /** Posts to `/v1/events`; what is no text is written as JSON. */
  post(body: unknown, contentType: string | null = "application/json"): Promise<Answer> {
    const bytes = body instanceof Uint8Array || body instanceof ReadableStream
      ? body
      : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
    return this.fetch("/v1/events", {
      method: "POST",
      body: bytes as BodyInit,
      headers: contentType === null ? {} : { "content-type": contentType },
    });
  }

  /** A connection of a client that is not well-behaved. */
  async connect(): Promise<Deno.Conn> {
    if (!this.#overTcp) return await Deno.connect({ transport: "unix", path: this.server.address });
    const { hostname, port } = new URL(this.server.address);
    return await Deno.connect({ hostname, port: Number(port) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client?.close();
    await this.#server?.[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes `text` and reads what comes back until the other side has nothing more to say to it. */
export async function exchange(connection: Deno.Conn, text: string): Promise<string> {
  await connection.write(new TextEncoder().encode(text));
  const buffer = new Uint8Array(65536);
  let answer = "";
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return answer;
    answer += new TextDecoder().decode(buffer.subarray(0, count));
    const [head = "", ...rest] = answer.split("\r\n\r\n");
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? NaN);
    if (rest.join("\r\n\r\n").length >= length) return answer;
  }
}

/** An event that is right. */
export function goodEvent(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { event_status: "Critical", labels: { check: "x" }, description: "it is on fire", ...changes };
}
