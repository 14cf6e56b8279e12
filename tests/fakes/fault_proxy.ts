/** A TCP proxy that stands between an agent and a hub and does to their bytes what bad networks do. */
import { connect, createServer, type Server, type Socket } from "node:net";

/** What happens to one connection. Everything is optional; `{}` passes all bytes on at once. */
export interface Fault {
  /** Every chunk waits this long, in both directions. Order is kept. */
  delayMs?: number;
  /** After so many bytes from the agent: ends both sides. */
  cutAfterBytes?: { bytes: number; how: "reset" | "fin" };
  /** After so many bytes from the agent: nothing is passed on any more in this direction, and nothing is ended. */
  stallAfterBytes?: { bytes: number; direction: "up" | "down" | "both" };
  /** After so many bytes from the agent: the hub's side is closed, the agent's stays open and silent. */
  halfOpenAfterBytes?: number;
  /** Ends the connection in answer to the dial, before any byte has passed. */
  refuse?: boolean;
}

/** Decides what happens to the connection of this index, which counts from 0. */
export type FaultScript = (index: number) => Fault;

/** Listens on 127.0.0.1. Disposing of it ends every connection. */
export class FaultProxy implements AsyncDisposable {
  /** How many connections were accepted. */
  connections = 0;
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #script: FaultScript;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, targetPort: number, script: FaultScript) {
    this.#server = server;
    this.#targetPort = targetPort;
    this.#script = script;
    server.on("connection", (agent) => this.#join(agent));
  }

  /** Starts passing connections on to 127.0.0.1:`targetPort`. */
  static async start(targetPort: number, script: FaultScript): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new FaultProxy(server, targetPort, script);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy is not listening");
    return address.port;
  }

  /** `ws://127.0.0.1:port`: what an agent is configured with. */
  get address(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Ends every connection that stands. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const gone = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([closed, ...gone]);
  }

  #join(agent: Socket): void {
    const fault = this.#script(this.connections++);
    this.#keep(agent);
    if (fault.refuse) {
      agent.resetAndDestroy();
      return;
    }
    const hub = this.#keep(connect({ port: this.#targetPort, host: "127.0.0.1", allowHalfOpen: true }));
    let upBytes = 0;
    let stalledUp = false;
    let stalledDown = false;
    let halfOpen = false;
    const deliver = (to: Socket, chunk: Uint8Array) => {
      const write = () => {
        if (!to.destroyed && to.writable) to.write(chunk);
      };
      if (fault.delayMs === undefined) return write();
      setTimeout(write, fault.delayMs); // timers of one delay fire in order
    };
    agent.on("data", (chunk: Uint8Array) => {
      upBytes += chunk.length;
      const { cutAfterBytes: cut, stallAfterBytes: stall, halfOpenAfterBytes } = fault;
      if (cut !== undefined && upBytes >= cut.bytes) {
        // A part of the chunk still passes: the cut may fall into the middle of a frame.
        const rest = chunk.subarray(0, Math.max(0, chunk.length - (upBytes - cut.bytes)));
        if (rest.length > 0) hub.write(rest);
        if (cut.how === "reset") {
          agent.resetAndDestroy();
          hub.resetAndDestroy();
        } else {
          agent.end();
          hub.end();
        }
        return;
      }
      if (stall !== undefined && upBytes >= stall.bytes) {
        stalledUp ||= stall.direction !== "down";
        stalledDown ||= stall.direction !== "up";
      }
      if (halfOpenAfterBytes !== undefined && upBytes >= halfOpenAfterBytes && !halfOpen) {
        halfOpen = true;
        hub.destroy();
      }
      if (!stalledUp && !halfOpen) deliver(hub, chunk);
    });
    hub.on("data", (chunk: Uint8Array) => {
      if (!stalledDown && !halfOpen) deliver(agent, chunk);
    });
    agent.on("end", () => hub.end());
    hub.on("end", () => {
      if (!halfOpen && !stalledDown) agent.end();
    });
    agent.on("close", () => hub.destroy());
    hub.on("close", () => {
      if (!halfOpen && !stalledDown) agent.destroy();
    });
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {}); // a peer that vanishes is what this is for
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }
}
