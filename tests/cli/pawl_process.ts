/** The executable as a process of its own, as tests hold it. */
import assert from "node:assert/strict";
import { until } from "../fakes/until.ts";

/** Where `main.ts` and `deno.json` are. */
export const REPOSITORY = new URL("../../", import.meta.url);

/** What a process needs of the environment; the rest would make a test depend on who runs it. */
const INHERITED = ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "TMPDIR", "DENO_NO_UPDATE_CHECK"];

/** Options of {@linkcode PawlProcess.start}. */
export interface PawlOptions {
  /** Besides {@linkcode INHERITED}. */
  env?: Readonly<Record<string, string>>;
  /**
   * Flags of `deno run`.
   * @default ["-P=agent"]
   */
  permissions?: readonly string[];
  /**
   * Run instead of the executable.
   * @default "main.ts"
   */
  script?: string;
  /** A compiled executable, run instead; its permissions are its own. @default none */
  executable?: string;
}

/** One line of the log in its `json` format. */
export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly part: string;
  readonly [field: string]: unknown;
}

/** How a process ended, and what it wrote. */
export interface Outcome {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the executable with `args` to its end. */
export async function pawl(args: readonly string[], options: PawlOptions = {}): Promise<Outcome> {
  await using process = PawlProcess.start(args, options);
  return await process.ended();
}

/** A running executable. Disposing of it ends it, if it has not ended by itself. */
export class PawlProcess implements AsyncDisposable {
  readonly pid: number;
  /** What has come on stdout so far. */
  out = "";
  /** What has come on stderr so far. */
  err = "";
  readonly #child: Deno.ChildProcess;
  readonly #over: Promise<unknown>;
  #status: Deno.CommandStatus | undefined;

  private constructor(child: Deno.ChildProcess) {
    this.pid = child.pid;
    this.#child = child;
    const pieces = [
      collect(child.stdout, (text) => this.out += text),
      collect(child.stderr, (text) => this.err += text),
    ];
    this.#over = Promise.all([...pieces, child.status]).then(async () => this.#status = await child.status);
  }

  static start(args: readonly string[], options: PawlOptions = {}): PawlProcess {
    const { env = {}, permissions = ["-P=agent"], script = "main.ts", executable } = options;
    const inherited = INHERITED.flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    const fromSource = ["run", "-q", "--config", "deno.json", ...permissions, script];
    const child = new Deno.Command(executable ?? Deno.execPath(), {
      args: executable === undefined ? [...fromSource, ...args] : [...args],
      cwd: REPOSITORY,
      clearEnv: true,
      env: { DENO_NO_UPDATE_CHECK: "1", ...Object.fromEntries(inherited), ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new PawlProcess(child);
  }

  /** Whether it has ended and everything it wrote is here. */
  get isOver(): boolean {
    return this.#status !== undefined;
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits until it has ended by itself, 20 s at most. */
  async ended(): Promise<Outcome> {
    const { code, signal } = await this.#until("the process has ended", () => this.#status);
    return { code, signal, out: this.out, err: this.err };
  }

  /** Everything on stderr as log lines. @throws AssertionError where one of them is none. */
  log(): LogLine[] {
    // The last line may still be on its way.
    return this.err.split("\n").slice(0, -1).map(parseLogLine);
  }

  /** Waits for the `count`-th line of that event, 20 s at most; fails at once where the process ends without it. */
  logged(event: string, count = 1): Promise<LogLine> {
    return this.#awaited(
      `event ${event} was logged ${count} times`,
      () => this.log().filter((line) => line.event === event)[count - 1],
    );
  }

  /** Waits until stdout has it, 20 s at most; fails at once where the process ends without it. */
  async said(text: string | RegExp): Promise<void> {
    await this.#awaited(`stdout has ${text}`, () => this.out.search(text) >= 0);
  }

  /** Waits until stderr has it, 20 s at most; fails at once where the process ends without it. */
  async wrote(text: string | RegExp): Promise<void> {
    await this.#awaited(`stderr has ${text}`, () => this.err.search(text) >= 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#status === undefined) {
      try {
        this.#child.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has just ended by itself
      }
    }
    await this.#over;
  }

  #awaited<T>(what: string, look: () => T) {
    return this.#until(what, () => {
      const isOver = this.isOver; // before looking: what came last must be seen
      const found = look();
      if (!found && isOver) throw new Error(`the process ended before ${what}:\n${this.out}${this.err}`);
      return found;
    });
  }

  async #until<T>(what: string, look: () => T) {
    try {
      return await until(what, look);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n${this.out}${this.err}`, {
        cause: error,
      });
    }
  }
}

/** Reads one line of the log's `json` format. @throws AssertionError where it is none. */
export function parseLogLine(text: string): LogLine {
  let line: LogLine;
  try {
    line = JSON.parse(text);
  } catch (error) {
    throw new assert.AssertionError({ message: `no log line: ${text} (${error})` });
  }
  assert.equal(new Date(line.time).toISOString(), line.time, text);
  assert.ok(["debug", "info", "warning", "error"].includes(line.level), text);
  assert.match(line.event, /^[a-z_]+\.[a-z_]+$/, text);
  assert.match(line.part, /^pawl\.[a-z]+$/, text);
  return line;
}

async function collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (text: string) => void) {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
}
