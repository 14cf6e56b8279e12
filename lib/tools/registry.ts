/** The closed set of tools that a host offers: what may be run, and running it within bounds. */
import { Buffer } from "node:buffer";
import { getLogger, type Logger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { KnownSecrets } from "../host/known_secrets.ts";
import { argumentsOf, argumentsSchema, parseArguments, type ToolArgument } from "./arguments.ts";
import { cleanText, finishData, finishText } from "./output.ts";
import { maskSecrets } from "../host/mask_secrets.ts";
import { ToolPolicy } from "./policy.ts";
import { suggest } from "./suggest.ts";
import type { ToolDefinition, ToolReach } from "./tool.ts";
import { ToolError, type ToolErrorKind } from "./tool_error.ts";
import type { ToolEnd, ToolGate } from "./tool_gate.ts";
import { ToolRuns } from "./tool_runs.ts";

/** Options of {@linkcode ToolRegistry}. */
export interface ToolRegistryOptions {
  tools: readonly ToolDefinition[];
  host: HostFacts;
  clock: Clock;
  /**
   * The folders below which tools may read files.
   * @default []
   */
  logRoots?: readonly string[];
  /**
   * The programs that tools may run, by their absolute paths.
   * @default []
   */
  allowRun?: readonly string[];
  /** @default new ToolPolicy() */
  policy?: ToolPolicy;
  /**
   * How long one run may take, waiting for its turn included.
   * @default 10000
   */
  deadlineMs?: number;
  /**
   * How long a result's text may be, in bytes of UTF-8.
   * @default 32768
   */
  maxOutputBytes?: number;
  /**
   * How many tools may be at work at once; more wait.
   * @default 8
   */
  maxUnderWay?: number;
  /**
   * What no result and no error may show, besides what looks like a secret.
   * @default none
   */
  secrets?: readonly string[];
  /** @default getLogger(["pawl", "tools"]) */
  logger?: Logger;
}

/** A tool as it is listed. */
export interface ToolInfo {
  readonly name: string;
  readonly family: string;
  readonly description: string;
  readonly reach: ToolReach;
  readonly args: readonly ToolArgument[];
}

/** A tool with all that a caller has to know of it. */
export interface ToolDetails extends ToolInfo {
  /** Its arguments as JSON schema. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

/** What a run came to. */
export interface ToolResult {
  readonly name: string;
  /** Safe to show: inert, without secrets, cut with a marker where it was too long. */
  readonly text: string;
  /** Plain JSON: the figures that the text was made from. */
  readonly data: unknown;
  /** Whether {@linkcode text} was cut. */
  readonly truncated: boolean;
  readonly durationMs: number;
}

/** An error's text goes to people: a line of it is enough. */
const MAX_ERROR_CHARS = 1000;

/** Runs tools. Any number of runs may be asked for at once. Holds nothing between runs: there is nothing to close. */
export class ToolRegistry {
  readonly #options: ToolRegistryOptions;
  readonly #tools: ReadonlyMap<string, ToolDefinition>;
  readonly #policy: ToolPolicy;
  readonly #runs: ToolRuns;
  readonly #secrets: KnownSecrets;
  readonly #logger: Logger;

  /** @throws RangeError when two tools have one name. */
  constructor(options: ToolRegistryOptions) {
    const { tools, policy = new ToolPolicy(), logger = getLogger(["pawl", "tools"]) } = options;
    const sorted = [...tools].sort((a, b) => compare(a.family, b.family) || compare(a.name, b.name));
    this.#tools = new Map(sorted.map((tool) => [tool.name, tool]));
    if (this.#tools.size !== tools.length) {
      const double = tools.find(({ name }, index) => tools.findIndex((tool) => tool.name === name) !== index);
      throw new RangeError(`cannot set up the tools: there are two of the name ${double?.name}`);
    }
    this.#options = options;
    this.#secrets = new KnownSecrets(options.secrets ?? []);
    this.#policy = policy;
    this.#logger = logger;
    const { clock, maxUnderWay } = options;
    this.#runs = new ToolRuns({ clock, ...(maxUnderWay !== undefined && { maxUnderWay }) });
  }

  /** What the policy admits, by family, then by name. */
  list(): ToolInfo[] {
    return [...this.#tools.values()].filter((tool) => this.#policy.allows(tool)).map(infoOf);
  }

  /** @throws ToolError `unknown_tool` or `not_allowed`. */
  describe(name: string): ToolDetails {
    const tool = this.#find(name);
    return { ...infoOf(tool), inputSchema: argumentsSchema(tool) };
  }

  /** The tools that fit what somebody typed, best first, of those that the policy admits. */
  suggest(words: string, limit = 5): ToolInfo[] {
    return suggest(words, this.list(), limit);
  }

  /**
   * Runs a tool. The wait ends at the deadline and when `signal` aborts, also where the tool itself does not: it is
   * left alone then, and refused until it has come back.
   *
   * @param rawArgs values as text, or of the kind that the argument is
   * @param gate is asked before anything is done, and told of the end before the caller is.
   * @throws ToolError when there is no result, the signal's reason when it aborts.
   */
  async run(
    name: string,
    rawArgs: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    gate?: ToolGate,
  ): Promise<ToolResult> {
    if (gate === undefined) return await this.#run(name, rawArgs, signal);
    const pass = await gate.enter(name, rawArgs);
    let result: ToolResult;
    try {
      result = await this.#run(name, rawArgs, signal);
    } catch (error) {
      // That there is no result is known to the caller in any case.
      await pass.leave(endWithout(error)).catch(() => {});
      throw error;
    }
    await pass.leave({ status: "ok", bytes: Buffer.byteLength(result.text) });
    return result;
  }

  async #run(
    name: string,
    rawArgs: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<ToolResult> {
    const { clock, deadlineMs = 10_000, maxOutputBytes = 32 * 1024 } = this.#options;
    const tool = this.#find(name);
    const args = parseArguments(tool, rawArgs);
    const hangingMs = this.#runs.hangingMs(name);
    if (hangingMs !== undefined) {
      const sec = Math.round(hangingMs / 1000);
      throw new ToolError("unavailable", `cannot run ${name}: its run of ${sec} s ago has not come back yet`);
    }
    signal.throwIfAborted();
    const startMs = clock.monotonicMs();
    const deadline = new AbortController();
    const timer = clock.setTimeout(
      () =>
        deadline.abort(new DOMException(`${name} took longer than ${deadlineMs / 1000} s`, "TimeoutError")),
      deadlineMs,
    );
    const limited = AbortSignal.any([signal, deadline.signal]);
    try {
      const output = await this.#runWithin(tool, args, limited);
      const { text, truncated } = finishText(this.#secrets.mask(output.text), maxOutputBytes);
      const durationMs = Math.round(clock.monotonicMs() - startMs);
      return { name, text, data: finishData(this.#secrets.maskAll(output.data)), truncated, durationMs };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      this.#secrets.maskError(error);
      const failure = deadline.signal.aborted
        ? new ToolError("timed_out", `cannot run ${name}: it took longer than ${deadlineMs / 1000} s`, {
          cause: error,
        })
        : toToolError(tool, error);
      this.#logger.debug("tools.no_result", { tool: name, kind: failure.kind, error: failure });
      throw failure;
    } finally {
      clock.clearTimeout(timer);
    }
  }

  #find(name: string): ToolDefinition {
    const tool = this.#tools.get(name);
    if (tool === undefined) {
      const meant = this.suggest(name, 3).map((near) => near.name);
      const hint = meant.length === 0 ? "" : `, did you mean ${meant.join(" or ")}?`;
      throw new ToolError(
        "unknown_tool",
        `there is no tool ${JSON.stringify(cleanText(name.slice(0, 64)))}${hint}`,
      );
    }
    if (!this.#policy.allows(tool)) {
      throw new ToolError("not_allowed", `not allowed by host policy: the tool ${name}`);
    }
    return tool;
  }

  async #runWithin(tool: ToolDefinition, args: Record<string, unknown>, signal: AbortSignal) {
    const { host, clock, logRoots = [], allowRun = [] } = this.#options;
    const place = await this.#runs.begin(tool.name, signal);
    const work = (async () => await tool.run(args, { host, clock, signal, logRoots, allowRun }))();
    work.then(place.end, place.end);
    try {
      return await untilAborted(work, signal);
    } catch (error) {
      // A tool that heeds its signal comes back in the same turn, and has ended by then.
      if (signal.aborted) await Promise.resolve().then(place.abandon);
      throw error;
    }
  }
}

function endWithout(error: unknown): ToolEnd {
  // What is no error of a tool's is the signal's reason.
  if (!(error instanceof ToolError)) return { status: "cancelled", bytes: 0 };
  return { status: error.kind, bytes: 0, error: error.message };
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function toToolError({ name, reach }: ToolDefinition, error: unknown): ToolError {
  if (error instanceof ToolError) return error;
  const kind: ToolErrorKind =
    error instanceof FactUnavailableError || error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.PermissionDenied || (reach === "service" && isNotThere(error))
      ? "unavailable"
      : isTimeout(error)
      ? "timed_out"
      : "failed";
  const message = error instanceof Error ? error.message || error.name : String(error);
  const line = maskSecrets(cleanText(message).replaceAll(/\s*\n\s*/g, " ")).slice(0, MAX_ERROR_CHARS);
  return new ToolError(kind, line.startsWith("cannot ") ? line : `cannot run ${name}: ${line}`, {
    cause: error,
  });
}

/** A service that does not run on this host, or not now: a tool that asks it has nothing wrong. */
function isNotThere(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (at instanceof Deno.errors.ConnectionRefused || at instanceof Deno.errors.NotFound) return true;
  }
  return false;
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}

function infoOf(tool: ToolDefinition): ToolInfo {
  const { name, family, description, reach } = tool;
  return { name, family, description, reach, args: argumentsOf(tool) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
