import { connect, createServer, type Server, type Socket } from "node:net";

/** How a proxy treats those who ask it for a tunnel: opens it, answers a status, never answers, hangs up. */
export type ProxyMood = "open" | "hang" | "close" | { status: number };

/** An HTTP proxy of this machine that knows nothing but CONNECT. Dispose of it to end all tunnels. */
export class ConnectProxy implements AsyncDisposable {
  /** What it was asked for, in order: the first line of each request. */
  readonly asked: string[] = [];
  /** The credentials that came along, decoded; "" where there were none. */
  readonly credentials: string[] = [];
  mood: ProxyMood;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(mood: ProxyMood) {
    this.mood = mood;
    this.#server = createServer((socket) => this.#onSocket(socket));
  }

  static async start(mood: ProxyMood = "open"): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(mood);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", () => resolve()));
    return proxy;
  }

  /** `127.0.0.1:port`. */
  get host(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return `127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #onSocket(socket: Socket): void {
    this.#keep(socket);
    let head = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", onData);
      this.#onRequest(socket, head.toString("latin1", 0, end));
    };
    socket.on("data", onData);
  }

  #onRequest(socket: Socket, head: string): void {
    const line = head.split("\r\n", 1)[0] ?? "";
    const [, encoded = ""] = /^proxy-authorization: basic (\S+)$/im.exec(head) ?? [];
    this.asked.push(line);
    this.credentials.push(atob(encoded));
    const { mood } = this;
    if (mood === "hang") return;
    if (mood === "close") return void socket.destroy();
    const [, host = "", port = ""] = /^CONNECT (\S+):(\d+) HTTP\/1\.1$/.exec(line) ?? [];
    const status = typeof mood === "object" ? mood.status : host === "" ? 405 : 200;
    socket.write(`HTTP/1.1 ${status} Scripted\r\nContent-Length: 0\r\n\r\n`);
    if (status !== 200) return void socket.end();
    const inner = connect(Number(port), host);
    this.#keep(inner);
    socket.pipe(inner);
    inner.pipe(socket);
    socket.once("close", () => inner.destroy());
    inner.once("close", () => socket.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
