/** What one connection meets. What it throws when the peer goes away is ignored. */
export type UnixScript = (conn: Deno.Conn, server: UnixServer) => Promise<void>;

/** Listens on a unix socket in a folder of its own; every connection ends with its script, at the latest with the server. */
export class UnixServer implements AsyncDisposable {
  readonly path: string;
  /** How many connections were taken. */
  connections = 0;
  readonly #folder: string;
  readonly #listener: Deno.Listener;
  readonly #conns = new Set<Deno.Conn>();
  readonly #ending = Promise.withResolvers<void>();
  readonly #scripts = new Set<Promise<void>>();
  readonly #running: Promise<void>;

  constructor(script: UnixScript) {
    this.#folder = Deno.makeTempDirSync({ prefix: "pawl-unix-" });
    this.path = `${this.#folder}/socket`;
    this.#listener = Deno.listen({ transport: "unix", path: this.path });
    this.#running = this.#accept(script);
  }

  /** Resolves when the server ends: for scripts that hang. */
  get ended(): Promise<void> {
    return this.#ending.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.resolve();
    this.#listener.close();
    for (const conn of this.#conns) close(conn);
    await this.#running;
    await Promise.all(this.#scripts);
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #accept(script: UnixScript): Promise<void> {
    for (;;) {
      let conn: Deno.Conn;
      try {
        conn = await this.#listener.accept();
      } catch {
        return;
      }
      this.connections++;
      this.#conns.add(conn);
      const run = script(conn, this).catch(() => {}).finally(() => {
        this.#conns.delete(conn);
        close(conn);
      });
      this.#scripts.add(run);
    }
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // The script closed it.
  }
}

/** Writes all of it, `stepBytes` at a time. */
export async function writeAll(conn: Deno.Conn, bytes: Uint8Array, stepBytes = bytes.length): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at, at + stepBytes));
}
