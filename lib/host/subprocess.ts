/** Runs one program, with an end to it: never through a shell, with a deadline and a cap on what it may say. */
import { type Clock, systemClock } from "../clock.ts";
import { FactUnavailableError } from "./host_facts.ts";

/** Options of {@linkcode runProgram}. */
export interface RunProgramOptions {
  /** Its absolute path. */
  program: string;
  args: readonly string[];
  /**
   * Written to it; without it, its input is empty.
   * @default ""
   */
  stdin?: string;
  /** How long it may run; then it is told to end (SIGTERM), and 1 s later made to (SIGKILL). */
  timeoutMs: number;
  /** How much of each stream is kept. What is over that is read and dropped. */
  maxBytes: number;
  /**
   * Besides `PATH` and `LC_ALL`: it gets nothing of the agent's own environment.
   * @default {}
   */
  env?: Readonly<Record<string, string>>;
  /** Ends it as the deadline does. */
  signal: AbortSignal;
  /** @default systemClock */
  clock?: Clock;
}

/** How a program ended, and what it said. */
export interface ProgramResult {
  /** Its exit code; 128 and the signal's number where one ended it. */
  readonly code: number;
  /** The signal that ended it, `null` where it ended by itself. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether either stream was longer than `maxBytes`. */
  readonly truncated: boolean;
  readonly durationMs: number;
}

/** Programs that call others find the system's, and nobody else's. */
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

/** Between being told to end and being made to. */
const GRACE_MS = 1000;
/** For what is still in the pipes when the program itself has ended: a child of its may hold them open for ever. */
const DRAIN_MS = 250;

/**
 * Runs it to its end. Several may run side by side. When this settles, the program has ended and nothing of it is held;
 * processes that it left behind may live on where the sandbox does not let the whole group be ended, without a reader.
 *
 * @throws FactUnavailableError where the sandbox does not let it run, `Deno.errors.NotFound` where there is no such
 *   program, a `TimeoutError` at the deadline, and the signal's reason on abort.
 */
export async function runProgram(options: RunProgramOptions): Promise<ProgramResult> {
  const { program, args, stdin = "", timeoutMs, maxBytes, env = {}, signal, clock = systemClock } = options;
  signal.throwIfAborted();
  const startMs = clock.monotonicMs();
  const child = spawn(program, args, { ...ENVIRONMENT, ...env }, stdin !== "");
  const stdout = new Capture(child.stdout, maxBytes);
  const stderr = new Capture(child.stderr, maxBytes);
  if (stdin !== "") void feed(child.stdin, stdin);

  let ended = false;
  let stopReason: unknown;
  let killTimer: ReturnType<Clock["setTimeout"]> | undefined;
  function stop(reason: unknown): void {
    if (ended || killTimer !== undefined) return;
    stopReason = reason;
    end(child, "SIGTERM");
    killTimer = clock.setTimeout(() => end(child, "SIGKILL"), GRACE_MS);
  }
  const onAbort = () => stop(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = clock.setTimeout(
    () =>
      stop(
        new DOMException(`cannot wait for ${program}: it did not end within ${timeoutMs} ms`, "TimeoutError"),
      ),
    timeoutMs,
  );
  let status: Deno.CommandStatus;
  try {
    status = await child.status;
  } finally {
    ended = true;
    clock.clearTimeout(timer);
    if (killTimer !== undefined) clock.clearTimeout(killTimer);
    signal.removeEventListener("abort", onAbort);
  }
  if (killTimer !== undefined) {
    // What it left behind would go on without anybody to hear it.
    end(child, "SIGKILL");
    await Promise.all([stdout.cancel(), stderr.cancel()]);
    throw stopReason;
  }
  await drained(clock, [stdout, stderr]);
  return {
    code: status.code,
    signal: status.signal,
    stdout: stdout.text(),
    stderr: stderr.text(),
    truncated: stdout.truncated || stderr.truncated,
    durationMs: Math.round(clock.monotonicMs() - startMs),
  };
}

function spawn(program: string, args: readonly string[], env: Record<string, string>, fed: boolean) {
  try {
    return new Deno.Command(program, {
      args: [...args],
      clearEnv: true,
      env,
      cwd: "/",
      stdin: fed ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
      // Its own process group: what it starts can be ended with it.
      detached: true,
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new FactUnavailableError(
        `cannot run ${program}: the sandbox does not let it be run; grant --allow-run=${program}`,
        { cause: error },
      );
    }
    if (error instanceof Deno.errors.NotFound) {
      throw new Deno.errors.NotFound(`cannot run ${program}: there is no such program`, { cause: error });
    }
    throw new Error(`cannot run ${program}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** To the whole group where that is granted (only with `--allow-run` for everything), else to the program alone. */
function end(child: Deno.ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    // Asked beforehand: where a person sits at the terminal, the call itself would ask them, and wait.
    if (Deno.permissions.querySync({ name: "run" }).state === "granted") return Deno.kill(-child.pid, signal);
  } catch {
    // nobody is left of the group
  }
  try {
    child.kill(signal);
  } catch {
    // it has ended by itself
  }
}

async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // a program may end without having read its input
    await writer.abort().catch(() => {});
  }
}

/** Waits for both streams' ends, a little. */
async function drained(clock: Clock, captures: readonly Capture[]): Promise<void> {
  let timer: ReturnType<Clock["setTimeout"]> | undefined;
  const enough = new Promise<void>((resolve) => timer = clock.setTimeout(resolve, DRAIN_MS));
  await Promise.race([Promise.all(captures.map((capture) => capture.ended)), enough]);
  if (timer !== undefined) clock.clearTimeout(timer);
  await Promise.all(captures.map((capture) => capture.cancel()));
}

/** One stream's beginning. */
class Capture {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #maxBytes: number;
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;
  truncated = false;
  /** Resolves, never rejects, at the stream's end. */
  readonly ended: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>, maxBytes: number) {
    this.#reader = stream.getReader();
    this.#maxBytes = maxBytes;
    this.ended = this.#read().catch(() => {});
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      const part = value.subarray(0, this.#maxBytes - this.#bytes);
      if (part.length < value.length) this.truncated = true;
      if (part.length > 0) this.#parts.push(part);
      this.#bytes += part.length;
    }
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
    await this.ended;
  }

  text(): string {
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return new TextDecoder().decode(bytes);
  }
}
