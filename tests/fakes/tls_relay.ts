import { connect, type Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Leaf } from "./certificates.ts";

/** Options of {@linkcode TlsRelay.start}. */
export interface TlsRelayOptions extends Leaf {
  /** The plain port of this machine that everything is passed on to. */
  targetPort: number;
  /** Clients must show a certificate that this authority signed. @default nobody is asked */
  clientCa?: string;
}

/** TLS in front of a plain server, which may ask its clients for a certificate. */
export class TlsRelay implements AsyncDisposable {
  /** The common names of the certificates that clients showed, in order; "" where none was asked for. */
  readonly clients: string[] = [];
  /** Why clients were turned away. */
  readonly turnedAway: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor({ cert, key, targetPort, clientCa }: TlsRelayOptions) {
    this.#server = createServer({
      cert,
      key,
      ...(clientCa !== undefined && { ca: [clientCa], requestCert: true, rejectUnauthorized: true }),
    }, (outer) => this.#pass(outer, targetPort));
    this.#server.on("tlsClientError", (error: Error) => this.turnedAway.push(error.message));
    // What fails the handshake never becomes a connection of the kind above.
    this.#server.on("connection", (socket: Socket) => this.#keep(socket));
  }

  static async start(options: TlsRelayOptions): Promise<TlsRelay> {
    const relay = new TlsRelay(options);
    await new Promise<void>((resolve) => relay.#server.listen(0, "127.0.0.1", () => resolve()));
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #pass(outer: TLSSocket, targetPort: number): void {
    this.clients.push(outer.getPeerCertificate()?.subject?.CN ?? "");
    const inner = connect(targetPort, "127.0.0.1");
    this.#keep(outer);
    this.#keep(inner);
    outer.pipe(inner);
    inner.pipe(outer);
    outer.once("close", () => inner.destroy());
    inner.once("close", () => outer.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}); // either end may vanish
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
