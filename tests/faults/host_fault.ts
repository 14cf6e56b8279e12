/** Programs that do to a host what the diagnosis has to find. Each ends with the test that started it. */
import { connect, type Socket } from "node:net";
import { until } from "../fakes/until.ts";

/** A program at fault. Disposing ends it for good. */
export class FaultyProgram implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #ended: Promise<void> | undefined;

  private constructor(program: string, args: readonly string[]) {
    this.#process = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** A shell's script. */
  static shell(script: string): FaultyProgram {
    return new FaultyProgram("/bin/sh", ["-c", script]);
  }

  /** A program of this runtime's. */
  static script(code: string): FaultyProgram {
    return new FaultyProgram(Deno.execPath(), ["eval", "--no-lock", code]);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The first line that it prints. */
  async said(): Promise<string> {
    let text = "";
    while (!text.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`the program ended after ${JSON.stringify(text)}`);
      text += value;
    }
    return text.split("\n")[0] ?? "";
  }

  /** May be called again. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended by itself
    }
    await this.#lines.cancel();
    await this.#process.status;
  }
}

/** Connections to a port of this host, opened whether or not anybody takes them. */
export class Connections implements Disposable {
  readonly #sockets: Socket[] = [];

  constructor(port: number, count: number) {
    for (let at = 0; at < count; at++) {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.on("error", () => {}); // a full queue refuses, or lets wait
      this.#sockets.push(socket);
    }
  }

  /** How many stand. */
  get connected(): number {
    return this.#sockets.filter(({ readyState }) => readyState === "open").length;
  }

  /** Waits until so many stand, and says that no more is sent. */
  async endAll(): Promise<void> {
    await until("all are connected", () => this.connected === this.#sockets.length);
    for (const socket of this.#sockets) socket.end();
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
