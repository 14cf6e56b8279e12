/** A TCP proxy that stands between an agent and a hub and does to their bytes what bad networks do. */
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * What happens to one connection. Everything is optional; `{}` passes all bytes on at once, and ends and resets too.
 * Of the faults that come after some bytes, the first to come is the only one.
 */
export interface Fault {
  /** Everything waits this long, in both directions. Order is kept. */
  delayMs?: number;
  /** After so many bytes from the agent: ends both sides. */
  cutAfterBytes?: { bytes: number; how: "reset" | "fin" };
  /**
   * After so many bytes from the agent: nothing is passed on any more in this direction, and nothing is ended. What
   * comes is left `unread`, so that the sender's buffers fill up, or else read and thrown away.
   */
  stallAfterBytes?: { bytes: number; direction: "up" | "down" | "both"; unread?: boolean };
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
  readonly #lines = new Set<DelayLine>();

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

  /** Resets every connection that stands, on both sides. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const gone = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const line of this.#lines) line.stop();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([closed, ...gone]);
  }

  #join(agent: Socket): void {
    const fault = this.#script(this.connections++);
    this.#keep(agent);
    if (fault.refuse) return void agent.resetAndDestroy();
    const hub = this.#keep(connect({ port: this.#targetPort, host: "127.0.0.1", allowHalfOpen: true }));
    const { delayMs = 0 } = fault;
    const lines: [DelayLine, DelayLine] = [new DelayLine(delayMs), new DelayLine(delayMs)];
    for (const line of lines) this.#lines.add(line);
    let open = 2;
    const onClose = () => {
      if (--open > 0) return;
      for (const line of lines) {
        line.stop();
        this.#lines.delete(line);
      }
    };
    for (const socket of [agent, hub]) socket.once("close", onClose);
    new Pair(agent, hub, fault, lines);
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {}); // a peer that vanishes is what this is for
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }
}

/** Does what it is given in order, each so long after it was given. */
class DelayLine {
  readonly #delayMs: number;
  readonly #waiting: (() => void)[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #stopped = false;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  add(act: () => void): void {
    if (this.#stopped) return;
    if (this.#delayMs === 0) return act();
    this.#waiting.push(act);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#waiting.shift()?.(); // the oldest, whichever timer this is
    }, this.#delayMs);
    this.#timers.add(timer);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#waiting.length = 0;
  }
}

/** What happens once so many bytes have come from the agent. */
interface PendingFault {
  readonly bytes: number;
  /** Whether nothing of the agent's passes any more after them. */
  readonly mutesUp: boolean;
  readonly strike: () => void;
}

/** Both sides of one connection. */
class Pair {
  readonly #agent: Socket;
  readonly #hub: Socket;
  readonly #up: DelayLine;
  readonly #down: DelayLine;
  /** What is not passed on any more. */
  readonly #mute = { up: false, down: false };
  /** What is not even read any more. */
  readonly #unread = { up: false, down: false };
  #bytesLeft: number;
  #fault: PendingFault | undefined;

  constructor(agent: Socket, hub: Socket, fault: Fault, [up, down]: [DelayLine, DelayLine]) {
    this.#agent = agent;
    this.#hub = hub;
    this.#up = up;
    this.#down = down;
    [this.#fault] = this.#pending(fault).sort((a, b) => a.bytes - b.bytes);
    this.#bytesLeft = this.#fault?.bytes ?? Infinity;
    agent.on("data", (chunk: Uint8Array) => this.#fromAgent(chunk));
    hub.on("data", (chunk: Uint8Array) => this.#pass("down", chunk));
    this.#passEnds("up", agent, hub);
    this.#passEnds("down", hub, agent);
  }

  #pending({ cutAfterBytes: cut, stallAfterBytes: stall, halfOpenAfterBytes }: Fault): PendingFault[] {
    const pending: PendingFault[] = [];
    if (cut !== undefined) {
      pending.push({
        bytes: cut.bytes,
        mutesUp: true,
        strike: () => this.#cut(cut.how),
      });
    }
    if (stall !== undefined) {
      const mutesUp = stall.direction !== "down";
      pending.push({ bytes: stall.bytes, mutesUp, strike: () => this.#stall(stall) });
    }
    if (halfOpenAfterBytes !== undefined) {
      pending.push({ bytes: halfOpenAfterBytes, mutesUp: true, strike: () => this.#halfOpen() });
    }
    return pending;
  }

  #fromAgent(chunk: Uint8Array): void {
    const fault = this.#fault;
    this.#bytesLeft -= chunk.length;
    if (fault === undefined || this.#bytesLeft > 0) return this.#pass("up", chunk);
    this.#fault = undefined;
    // A part may still pass: the fault may fall into the middle of a frame.
    const passing = fault.mutesUp ? chunk.subarray(0, chunk.length + this.#bytesLeft) : chunk;
    if (passing.length > 0) this.#pass("up", passing);
    this.#mute.up = fault.mutesUp;
    this.#up.add(fault.strike);
  }

  #pass(direction: "up" | "down", chunk: Uint8Array): void {
    if (this.#mute[direction]) return;
    const [line, from, to] = direction === "up"
      ? [this.#up, this.#agent, this.#hub]
      : [this.#down, this.#hub, this.#agent];
    line.add(() => {
      if (to.destroyed || !to.writable || to.write(chunk)) return;
      from.pause();
      to.once("drain", () => {
        if (!this.#unread[direction]) from.resume();
      });
    });
  }

  /** A side that ends or resets does so for the other. */
  #passEnds(direction: "up" | "down", from: Socket, to: Socket): void {
    const line = direction === "up" ? this.#up : this.#down;
    let broken = false;
    from.on("error", () => broken = true);
    from.on("end", () => {
      if (!this.#mute[direction]) line.add(() => to.end());
    });
    from.on("close", () => {
      if (!this.#mute[direction]) line.add(() => broken ? to.resetAndDestroy() : to.destroySoon());
    });
  }

  #cut(how: "reset" | "fin"): void {
    for (const socket of [this.#agent, this.#hub]) {
      if (how === "reset") socket.resetAndDestroy();
      else socket.end();
    }
  }

  #stall({ direction, unread = false }: NonNullable<Fault["stallAfterBytes"]>): void {
    this.#mute.down = direction !== "up";
    if (!unread) return;
    this.#unread.up = this.#mute.up;
    this.#unread.down = this.#mute.down;
    if (this.#unread.up) this.#agent.pause();
    if (this.#unread.down) this.#hub.pause();
  }

  #halfOpen(): void {
    this.#mute.down = true;
    this.#hub.destroy();
  }
}
