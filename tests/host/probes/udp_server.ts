/** A server of datagrams on a free port of the loopback. */
import { createSocket, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";

/** What is answered to a datagram; several answers are sent in order. */
export type DatagramScript = (datagram: Uint8Array) => Uint8Array | readonly Uint8Array[] | undefined;

/** Answers every datagram as its script says, until it is disposed of. */
export class UdpServer implements AsyncDisposable {
  /** The datagrams that came. */
  readonly received: Uint8Array[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket, script: DatagramScript) {
    this.#socket = socket;
    socket.on("message", (datagram, from) => {
      this.received.push(datagram);
      const answers = script(datagram) ?? [];
      for (const each of answers instanceof Uint8Array ? [answers] : answers) {
        socket.send(each, from.port, from.address);
      }
    });
  }

  static async listen(script: DatagramScript): Promise<UdpServer> {
    const socket = createSocket("udp4");
    const server = new UdpServer(socket, script);
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    return server;
  }

  get port(): number {
    return (this.#socket.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}
