/** The default diagnosis: no model; checks and tools are asked, rules conclude. */
import type { Check } from "../checks/check.ts";
import { type Clock, sleep } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { DiagnoseRequest, DiagnoseRunner, StreamCallback } from "../sessions/runners.ts";
import { chooseSubject } from "./chosen_subject.ts";
import { investigate } from "./investigation.ts";
import type { DiagnosisRecord, DiagnosisRecords } from "./records.ts";
import { renderReport, verdict } from "./report.ts";
import { textsOf } from "./request_text.ts";
import type { StepOutcome } from "./steps.ts";
import { gated, NO_TOOLS, type ToolRunner } from "./tool_runner.ts";

/** Options of {@linkcode Playbook}. */
export interface PlaybookOptions {
  host: HostFacts;
  clock: Clock;
  /** Makes the checks to run, fresh ones for each request. */
  makeChecks: () => readonly Check[];
  /**
   * The tools to ask.
   * @default none: the checks' figures are all there is
   */
  tools?: ToolRunner;
  /** Where each run is kept. @default nowhere */
  records?: Pick<DiagnosisRecords, "write">;
  /**
   * How long one check or tool may take.
   * @default 10000
   */
  deadlineMs?: number;
  /**
   * How long a whole run may take; what has not answered by then is a gap in the report.
   * @default 60000
   */
  totalDeadlineMs?: number;
}

/** What a run came to. */
export interface Diagnosis extends DiagnosisRecord {
  /** The name of its record; empty where none was kept. */
  readonly id: string;
}

/** How long a record may hold up the end of a run: a disk may hang. */
const RECORD_MS = 500;

/** Measures, correlates and reports. Any number of runs may be under way at once. */
export class Playbook implements DiagnoseRunner {
  readonly #host: HostFacts;
  readonly #clock: Clock;
  readonly #makeChecks: () => readonly Check[];
  readonly #tools: ToolRunner;
  readonly #records: Pick<DiagnosisRecords, "write"> | undefined;
  readonly #deadlineMs: number;
  readonly #totalDeadlineMs: number;

  constructor(options: PlaybookOptions) {
    const {
      host,
      clock,
      makeChecks,
      tools = NO_TOOLS,
      records,
      deadlineMs = 10_000,
      totalDeadlineMs = 60_000,
    } = options;
    this.#host = host;
    this.#clock = clock;
    this.#makeChecks = makeChecks;
    this.#tools = tools;
    this.#records = records;
    this.#deadlineMs = deadlineMs;
    this.#totalDeadlineMs = totalDeadlineMs;
  }

  /** @throws Error for an inspection of a plugin that nobody knows; the signal's reason on abort. */
  async run(request: DiagnoseRequest, stream: StreamCallback, signal: AbortSignal): Promise<string> {
    return (await this.diagnose(request, stream, signal)).report;
  }

  /**
   * As {@linkcode run}, with all that is known of the run. However it ends, it is recorded.
   *
   * @throws as {@linkcode run} does.
   */
  async diagnose(request: DiagnoseRequest, stream: StreamCallback, signal: AbortSignal): Promise<Diagnosis> {
    signal.throwIfAborted();
    const startMs = this.#clock.monotonicMs();
    const outcomes: StepOutcome<unknown>[] = [];
    const { mode, plugin, target, userName: user } = request;
    const started = new Date(this.#clock.wallMs()).toISOString();
    const record = (end: Pick<DiagnosisRecord, "status" | "verdict" | "report">) => ({
      ...{ mode, plugin, target, user, started },
      duration_ms: Math.round(this.#clock.monotonicMs() - startMs),
      steps: outcomes.map(recordOf),
      ...end,
    });
    try {
      const run = record(await this.#examine(request, stream, signal, outcomes));
      return { id: await this.#keep(run), ...run };
    } catch (error) {
      const status = signal.aborted ? "cancelled" : "failed";
      const verdict = error instanceof Error ? error.message : String(error);
      await this.#keep(record({ status, verdict, report: "" }));
      throw error;
    }
  }

  async #examine(
    request: DiagnoseRequest,
    stream: StreamCallback,
    signal: AbortSignal,
    outcomes: StepOutcome<unknown>[],
  ): Promise<Pick<DiagnosisRecord, "status" | "verdict" | "report">> {
    const host = this.#self();
    const chosen = chooseSubject(request, {
      checks: this.#makeChecks(),
      hasTools: this.#tools.list().length > 0,
      self: [host.name, host.ip],
    });
    const found = await investigate(
      chosen,
      {
        clock: this.#clock,
        tools: gated(this.#tools, request.gate),
        deadlineMs: this.#deadlineMs,
        totalDeadlineMs: this.#totalDeadlineMs,
        onOutcome: (outcome) => outcomes.push(outcome),
      },
      stream,
      signal,
    );
    const line = verdict(found);
    const ofWhom = host.name ?? "this host";
    const subject = chosen.plugin === "system" ? ofWhom : `${chosen.plugin} on ${ofWhom}`;
    const quoted = request.mode === "alert" ? textsOf(request) : "";
    const report = renderReport({
      ...found,
      title: `${request.mode === "inspect" ? "Inspection" : "Diagnosis"}: ${subject}`,
      host: [host.name ?? "name unknown", host.ip && `(${host.ip})`].filter(Boolean).join(" "),
      timeMs: this.#clock.wallMs(),
      notes: chosen.notes,
      gaps: [...found.gaps, ...host.gaps],
      ...(quoted && { quoted }),
    });
    return { status: found.shortfall === undefined ? "complete" : "partial", verdict: line, report };
  }

  #self(): { name: string | undefined; ip: string | undefined; gaps: string[] } {
    const gaps: string[] = [];
    const known = (read: () => string) => {
      try {
        return read();
      } catch (error) {
        gaps.push(error instanceof Error ? error.message : String(error));
        return undefined;
      }
    };
    return { name: known(() => this.#host.hostname()), ip: known(() => this.#host.ip()), gaps };
  }

  /** Returns the record's id, `""` where there is none. A disk that hangs does not hold up the run's end. */
  async #keep(run: Omit<DiagnosisRecord, "id">): Promise<string> {
    if (this.#records === undefined) return "";
    const written = new AbortController();
    const id = this.#records.write(run).finally(() => written.abort());
    const patience = sleep(this.#clock, RECORD_MS, written.signal).catch(() => id);
    return await Promise.race([id, patience]) ?? "";
  }
}

function recordOf({ step, durationMs, bytes, gap }: StepOutcome<unknown>): DiagnosisRecord["steps"][number] {
  return {
    tool: step.name,
    args: step.args,
    duration_ms: durationMs,
    bytes,
    ...(gap && { error: `${gap.kind}: ${gap.message}` }),
  };
}
