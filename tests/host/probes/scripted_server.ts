/** Servers that do what a test tells them to. */
import type { IssuedCertificate } from "./test_authority.ts";

/** What one connection meets. What it throws when the peer goes away is ignored. */
export type Script = (conn: Deno.Conn, server: ScriptedServer) => Promise<void>;

/** Listens on a port of the loopback, a free one unless it is given; every connection is closed when its script ends, at the latest with the server. */
export class ScriptedServer implements AsyncDisposable {
  readonly port: number;
  /** How many connections were taken. */
  connections = 0;
  /** How many of them are still there. */
  open = 0;
  readonly #listener: Deno.Listener;
  readonly #conns = new Set<Deno.Conn>();
  readonly #ending = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  readonly #scripts = new Set<Promise<void>>();
  #closed = false;

  constructor(script: Script, tls?: IssuedCertificate, port = 0) {
    this.#listener = tls === undefined
      ? Deno.listen({ hostname: "127.0.0.1", port })
      : Deno.listenTls({ hostname: "127.0.0.1", port, cert: tls.chainPem, key: tls.keyPem });
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    this.#running = this.#accept(script);
  }

  /** Resolves when the server ends: for scripts that hang. */
  get ended(): Promise<void> {
    return this.#ending.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.resolve();
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    for (const conn of this.#conns) close(conn);
    await this.#running;
    await Promise.all(this.#scripts);
  }

  async #accept(script: Script): Promise<void> {
    for (;;) {
      let conn: Deno.Conn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
        continue; // a TLS handshake that failed
      }
      this.connections++;
      this.open++;
      this.#conns.add(conn);
      const run = script(conn, this).catch(() => {}).finally(() => {
        this.open--;
        this.#conns.delete(conn);
        close(conn);
      });
      this.#scripts.add(run);
    }
  }
}

/** Answers every connection with one text once something was read. */
export function answering(text: string | Uint8Array): Script {
  return async (conn) => {
    await conn.read(new Uint8Array(65_536));
    await writeAll(conn, typeof text === "string" ? new TextEncoder().encode(text) : text);
    await closeWrite(conn);
  };
}

/** Says nothing for as long as the server lives. */
export const silent: Script = async (_conn, server) => await server.ended;

/** Writes all of it. */
export async function writeAll(conn: Deno.Conn, bytes: Uint8Array | string): Promise<void> {
  let rest = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
}

/** What was read next, as text; "" at the end. */
export async function readText(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65_536);
  const count = await conn.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}

async function closeWrite(conn: Deno.Conn): Promise<void> {
  await conn.closeWrite();
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // The script closed it.
  }
}
