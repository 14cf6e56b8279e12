/**
 * A hub for tests to hold against an agent. It is written on raw TCP, so that it can misbehave at every layer; how it
 * does is scripted per connection.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Behaviour } from "./fake_hub/behaviour.ts";
import { FakeConnection } from "./fake_hub/connection.ts";
import { type Handshake, parseHead, responseText, upgradeText } from "./fake_hub/handshake.ts";
import { Inbox } from "./fake_hub/inbox.ts";

export type { Behaviour, LooseMessage, RegisterAck, Verdict } from "./fake_hub/behaviour.ts";
export { type Ending, FakeConnection, type ReceivedOf } from "./fake_hub/connection.ts";
export { encodeFrame, type FrameOptions, Opcode } from "./fake_hub/frames.ts";
export type { Handshake } from "./fake_hub/handshake.ts";

/** One behaviour for all connections, or a function of the handshake's index, which counts from 0. */
export type Script = Behaviour | ((index: number, handshake: Handshake) => Behaviour);

/** Listens on 127.0.0.1. Dispose of it to end every connection and wait until all sockets are gone. */
export class FakeHub implements AsyncDisposable {
  /** Every WebSocket handshake, in order, also those that were refused, stalled or cut. */
  readonly handshakes: readonly Handshake[];
  /** Every connection whose upgrade went through, in order. */
  readonly connections: readonly FakeConnection[];
  /** Plain requests, which ask for no WebSocket: they are answered like the handshake before them. */
  readonly probes: Handshake[] = [];
  readonly #script: (index: number, handshake: Handshake) => Behaviour;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #handshakes = new Inbox<Handshake>();
  readonly #connections = new Inbox<FakeConnection>();
  #latest: Behaviour = {};

  private constructor(server: Server, script: Script) {
    this.#server = server;
    this.#script = typeof script === "function" ? script : () => script;
    this.handshakes = this.#handshakes.all;
    this.connections = this.#connections.all;
    server.on("connection", (socket) => this.#onSocket(socket));
  }

  /** Starts listening; `port` 0 picks a free one. */
  static async start(script: Script = {}, port = 0): Promise<FakeHub> {
    const server = createServer();
    const hub = new FakeHub(server, script);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    return hub;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") {
      throw new Error("cannot name the port: not listening");
    }
    return address.port;
  }

  /** `ws://127.0.0.1:port`, without a path: what an agent is configured with. */
  get address(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** The oldest connection that no earlier call returned; waits for it 20 s at most. */
  nextConnection(signal?: AbortSignal): Promise<FakeConnection> {
    return this.#connections.next("the next connection", () => true, signal);
  }

  /** The oldest handshake that no earlier call returned; waits for it 20 s at most. */
  nextHandshake(signal?: AbortSignal): Promise<Handshake> {
    return this.#handshakes.next("the next handshake", () => true, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const gone = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([closed, ...gone]);
    this.#connections.end("the hub was disposed of");
    this.#handshakes.end("the hub was disposed of");
  }

  #onSocket(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {}); // peers may vanish; whoever cares listens as well
    socket.setNoDelay(true);
    let head = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", onData);
      this.#onRequest(socket, head.toString("latin1", 0, end), head.subarray(end + 4));
    };
    socket.on("data", onData);
  }

  #onRequest(socket: Socket, head: string, rest: Buffer): void {
    const handshake = parseHead(head, this.handshakes.length);
    const upgrading = handshake.headers["upgrade"]?.toLowerCase() === "websocket";
    if (upgrading) this.#latest = this.#script(handshake.index, handshake);
    if (upgrading) this.#handshakes.push(handshake);
    else this.probes.push(handshake);
    const { refuse, answer, cutAtUpgrade, stall } = this.#latest;
    if (cutAtUpgrade === "reset") socket.resetAndDestroy();
    else if (cutAtUpgrade === "fin") socket.end();
    else if (stall === "accept") return;
    else if (stall === "upgrade") socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgra");
    else if (answer !== undefined) socket.end(answer);
    else if (refuse !== undefined) socket.end(responseText(refuse));
    else if (!upgrading) socket.end(responseText({ status: 426, body: "upgrade required\n" }));
    else this.#open(socket, handshake, rest);
  }

  #open(socket: Socket, handshake: Handshake, rest: Buffer): void {
    const connection = new FakeConnection(socket, handshake, this.#latest);
    socket.on("data", (chunk: Buffer) => connection.feed(chunk));
    socket.write(upgradeText(handshake));
    this.#connections.push(connection);
    if (rest.length > 0) connection.feed(rest);
  }
}
