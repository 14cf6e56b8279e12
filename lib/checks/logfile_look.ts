/** Looks into logs. */
import { type LogfileSettings, targetsOf } from "./logfile.ts";
import { expandGlob, isGlob } from "../host/files/glob.ts";
import { inspect, named } from "../host/files/regular_file.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { maskSecrets } from "../host/mask_secrets.ts";
import { linePattern } from "../host/pattern/line_pattern.ts";
import type { Check, Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import { followLog } from "./logfile/follow.ts";
import { Matches } from "./logfile/matches.ts";
import { LogMemory } from "./logfile/memory.ts";
import { isCompressed, isEarlierPart } from "./logfile/rotation.ts";
import { rateState } from "./rating.ts";

/** Shorter than a gather's deadline: what is read by then is told, and the rest is read the next time. */
const READING_MS = 5000;

const MAX_SHOWN_CHARS = 1024;
const MAX_SHOWN_TOTAL_CHARS = 16_384;

export class LogfileCheck implements Check {
  readonly plugin = "logfile";
  readonly target: string;
  readonly #settings: LogfileSettings;
  readonly #seams: CheckSeams;
  readonly #memory: LogMemory;
  readonly #include: ReturnType<typeof linePattern>[];
  readonly #exclude: ReturnType<typeof linePattern>[];
  /** What was not there at the last look: between two parts of a log there may be a moment without any. */
  #missing = new Set<string>();
  /** Where to begin when a look does not come round. */
  #first = 0;

  constructor(settings: LogfileSettings, seams: CheckSeams) {
    this.#settings = settings;
    this.#seams = seams;
    this.target = targetsOf(settings).join(", ");
    this.#memory = new LogMemory(seams.memory, this.target, seams.clock.wallMs());
    this.#include = settings.include.map(linePattern);
    this.#exclude = settings.exclude.map(linePattern);
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const { clock } = this.#seams;
    const untilMs = clock.monotonicMs() + READING_MS;
    this.#memory.begin();
    const { logs, findings } = await this.#logs(signal);
    const refusals: FactUnavailableError[] = [];
    let seen = 0;
    let late: string | undefined;
    for (let turn = 0; turn < logs.length; turn++) {
      const log = logs[(this.#first + turn) % logs.length] ?? "";
      if (clock.monotonicMs() >= untilMs) {
        late ??= log;
        continue;
      }
      try {
        findings.push(...await this.#look(log, untilMs, signal));
        seen++;
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof FactUnavailableError) refusals.push(error);
        if (!(error instanceof Deno.errors.NotFound)) findings.push(this.#access(log, messageOf(error)));
      }
    }
    const [refusal] = refusals;
    if (refusal !== undefined && seen === 0 && refusals.length === logs.length) throw refusal;
    signal.throwIfAborted();
    this.#first = late === undefined ? 0 : logs.indexOf(late);
    this.#memory.commit(logs, 2 * this.#settings.max_targets);
    return findings;
  }

  /** The logs that there are, and what is to be told of the patterns. */
  async #logs(signal: AbortSignal): Promise<{ logs: string[]; findings: Finding[] }> {
    const { paths, max_targets } = this.#settings;
    const logs = new Set<string>();
    const findings: Finding[] = [];
    const missing = new Set<string>();
    for (const path of paths) {
      const { paths: found, cut } = await expandGlob(path, { maxPaths: 10 * max_targets, signal });
      const own = isGlob(path) ? await this.#ofPattern(found) : found;
      for (const log of own) logs.add(log);
      if (own.length === 0 && !isGlob(path)) missing.add(path);
      const many = cut || logs.size > max_targets;
      const problem = many
        ? `it finds more than ${max_targets} logs; raise max_targets, or narrow it`
        : missing.has(path) && this.#missing.has(path) && !this.#memory.knows(path)
        ? "there is no such file"
        : undefined;
      if (isGlob(path) || own.length === 0 || many) findings.push(this.#access(path, problem));
    }
    this.#missing = missing;
    // A log that was renamed and not yet made anew still has an end to be read.
    for (const path of missing) if (this.#memory.knows(path)) logs.add(path);
    return { logs: [...logs].slice(0, max_targets), findings };
  }

  /** Earlier parts are read as parts of their log, not as logs. */
  async #ofPattern(found: readonly string[]): Promise<string[]> {
    const plain = found.filter((path) => !isCompressed(path));
    const own = plain.filter((path) => !plain.some((log) => log !== path && isEarlierPart(path, log)));
    const kinds = await Promise.all(
      own.map((path) => Deno.stat(path).then((info) => info.isFile, () => true)),
    );
    return own.filter((_, index) => kinds[index]);
  }

  async #look(log: string, untilMs: number, signal: AbortSignal): Promise<Finding[]> {
    const { initial, encoding, max_read: maxBytes, context, max_lines } = this.#settings;
    const { clock } = this.#seams;
    const path = await named(log, () => Deno.realPath(log)).catch((error) => {
      if (error instanceof Deno.errors.NotFound && this.#memory.knows(log)) return log;
      throw error;
    });
    const state = await inspect(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    const matches = new Matches({
      include: this.#include,
      exclude: this.#exclude,
      contextLines: context,
      maxMatches: max_lines,
    });
    if (state === undefined || !this.#memory.isQuiet(log, state)) {
      const position = this.#memory.position(log);
      const isNew = state?.bornMs !== undefined && this.#memory.isYounger(state.bornMs);
      const followed = await followLog({
        path,
        position,
        initial: isNew ? "start" : initial,
        encoding,
        maxBytes,
        untilMs,
        clock,
        signal,
        onLine: (line) => matches.take(line),
      });
      this.#memory.set(log, followed.position, followed.behind ? undefined : state, clock.wallMs());
    }
    return [this.#match(log, matches), this.#access(log)];
  }

  #match(log: string, { count, kept, last }: Matches): Finding {
    const { severity, include, name } = this.#settings;
    const lines = count === 1 ? "1 line matches" : `${count} lines match`;
    const shown = (line: string) => maskSecrets(cleanLine(line, MAX_SHOWN_CHARS));
    const text = kept.map((line) =>
      `${line.matched || this.#settings.context === 0 ? "" : "  "}${shown(line.text)}`
    )
      .join("\n").slice(0, MAX_SHOWN_TOTAL_CHARS);
    return {
      labels: { check: "logfile::match", target: log, ...(name !== "" && { name }) },
      status: count === 0 ? "Ok" : severity,
      description: count === 0
        ? `no new line matches in ${log}`
        : `${lines} in ${log}: ${cleanLine(shown(last), 300)}`,
      attrs: {
        ...(count > 0 && { lines: text.toWellFormed() }),
        current_value: lines,
        threshold_desc: include.length === 0
          ? "any line"
          : `a line that has ${cleanLine(include.join(" or "), 200)}`,
      },
      momentary: true,
    };
  }

  #access(target: string, problem?: string): Finding {
    const { name } = this.#settings;
    return rateState({
      check: "logfile::access",
      target,
      ok: problem === undefined,
      severity: "Warning",
      description: problem === undefined
        ? `${target} can be read`
        : `${target} cannot be watched: ${problem}`,
      current: problem === undefined ? "can be read" : cleanLine(problem, 300),
      expected: "must be readable",
      ...(name !== "" && { labels: { name } }),
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
