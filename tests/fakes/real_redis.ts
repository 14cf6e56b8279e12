import { until } from "./until.ts";

/** Whether there is a redis-server to test with, for `ignore`; `.ci/run` installs it. */
export const noRedis: boolean = !isInstalled("redis-server");

/** Options of {@linkcode RealRedis.start}. */
export interface RealRedisOptions {
  /** Added to its command line. */
  args?: readonly string[];
  /** Starts it as a Sentinel, with this configuration. */
  sentinel?: string;
  password?: string;
  /** @default a free one */
  port?: number;
}

/** A redis-server of the test's own, on a free port of the loopback. */
export class RealRedis implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #child: Deno.ChildProcess;
  #stopped = false;

  private constructor(port: number, folder: string, child: Deno.ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
  }

  static async start(options: RealRedisOptions = {}): Promise<RealRedis> {
    const { args = [], sentinel, password, port = freePort() } = options;
    const folder = await Deno.makeTempDir({ prefix: "pawl-redis-" });
    const own = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
    if (sentinel === undefined) own.push("--save", "", "--appendonly", "no");
    if (password !== undefined) own.push("--requirepass", password);
    const file = `${folder}/redis.conf`;
    await Deno.writeTextFile(file, sentinel ?? "");
    const child = new Deno.Command("redis-server", {
      args: [file, ...own, ...args, ...(sentinel === undefined ? [] : ["--sentinel"])],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const redis = new RealRedis(port, folder, child);
    await until(`redis listens on ${port}`, () => redis.#answers());
    return redis;
  }

  /** `127.0.0.1:port`. */
  get target(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Freezes it: the kernel still accepts connections for it. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** Runs redis-cli against it. */
  async cli(...words: string[]): Promise<string> {
    const { stdout } = await new Deno.Command("redis-cli", { args: ["-p", String(this.port), ...words] })
      .output();
    return new TextDecoder().decode(stdout).trim();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #answers(): Promise<boolean> {
    try {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
      await conn.write(new TextEncoder().encode("PING\r\n"));
      return await conn.read(new Uint8Array(64)) !== null;
    } catch {
      return false;
    }
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

function isInstalled(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
}
