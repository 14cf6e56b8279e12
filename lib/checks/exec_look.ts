/** One run of a program. */
import { FactUnavailableError } from "../host/host_facts.ts";
import type { EventStatus } from "../alerts/event.ts";
import { cleanBlock, cleanLine } from "../host/foreign_text.ts";
import { type ProgramResult, runProgram } from "../host/subprocess.ts";
import type { Finding } from "./check.ts";
import { type ExecEvent, parseExecEvents } from "./exec_events.ts";
import { parseNagiosOutput, type PerformanceFigure } from "./nagios_output.ts";
import { rateState } from "./rating.ts";

import type { Clock } from "../clock.ts";
import type { ExecSettings } from "./exec.ts";

/** How much of what a program says is kept. */
const MAX_OUTPUT_BYTES = 1024 * 1024;
const MAX_LONG_CHARS = 2048;

/** Runs the program, and tells what it found, or that it does not work. */
export async function look(settings: ExecSettings, clock: Clock, signal: AbortSignal): Promise<Finding[]> {
  let result: ProgramResult;
  try {
    result = await runProgram({
      program: settings.program,
      args: settings.args,
      env: settings.env,
      timeoutMs: settings.time_limit,
      maxBytes: MAX_OUTPUT_BYTES,
      signal,
      clock,
    });
  } catch (error) {
    // Out of the agent's own hands, or its own doing: no failure of the program's.
    if (signal.aborted || error instanceof FactUnavailableError) throw error;
    return [working(settings, error instanceof Error ? error.message : String(error))];
  }
  return settings.mode === "nagios" ? fromNagios(settings, result) : fromJson(settings, result);
}

/** By exit code. The plugin itself says what it could not find out: that is worth a look, too. */
const NAGIOS_GRADES: readonly [EventStatus, string][] = [
  ["Ok", "OK"],
  ["Warning", "WARNING"],
  ["Critical", "CRITICAL"],
  ["Warning", "UNKNOWN"],
];

function fromNagios(settings: ExecSettings, result: ProgramResult): Finding[] {
  const grade = result.signal === null ? NAGIOS_GRADES[result.code] : undefined;
  if (grade === undefined) return [working(settings, ending(result))];
  const [status, word] = grade;
  const { line, longText, figures } = parseNagiosOutput(result.stdout);
  const said = line || cleanLine(result.stderr, 200);
  // Most plugins begin with their verdict, not all do.
  const description = said === ""
    ? `${settings.name}: ${word}`
    : new RegExp(word, "i").test(said)
    ? said
    : `${word}: ${said}`;
  const [main] = figures;
  return [{
    labels: { check: `exec::${settings.name}`, target: settings.name },
    status,
    description,
    attrs: {
      ...Object.fromEntries(figures.map(({ label, value }) => [`perf.${label}`, value])),
      ...(longText !== "" && { output: cleanBlock(longText, MAX_LONG_CHARS) }),
      current_value: main === undefined ? word : `${main.label} ${main.value}`,
      threshold_desc: main === undefined ? "as the plugin rates it" : ranges(main),
    },
  }, working(settings)];
}

function ranges({ warn, critical }: PerformanceFigure): string {
  const parts = [warn !== "" && `warning ${warn}`, critical !== "" && `critical ${critical}`].filter(Boolean);
  return parts.join(", ") || "as the plugin rates it";
}

function fromJson(settings: ExecSettings, result: ProgramResult): Finding[] {
  if (result.code !== 0 || result.signal !== null) return [working(settings, ending(result))];
  const { events, problem } = parseExecEvents(result.stdout);
  const cut = result.truncated ? `its output is longer than ${MAX_OUTPUT_BYTES / 1024} KiB` : undefined;
  return [
    ...worstOfEach(events.map((event) => fromEvent(settings, event))),
    working(settings, cut ?? problem),
  ];
}

function fromEvent({ name }: ExecSettings, { status, labels, description, attrs }: ExecEvent): Finding {
  // A dimension of the program's own, but for the one that speaks of the program itself.
  const dimension = (labels.check ?? "").replace(/^exec::/, "");
  return {
    labels: {
      ...labels,
      check: `exec::${dimension === "" || dimension === "error" ? name : dimension}`,
      target: labels.target || name,
    },
    status,
    description: description || `${name}: ${status}`,
    attrs: {
      ...attrs,
      current_value: attrs.current_value ?? status,
      threshold_desc: attrs.threshold_desc ?? "as the program rates it",
    },
  };
}

/** Events with equal labels speak of one problem: told twice in a run, the worse one holds. */
function worstOfEach(findings: readonly Finding[]): Finding[] {
  const ranks: readonly EventStatus[] = ["Ok", "Info", "Warning", "Critical"];
  const byLabels = new Map<string, Finding>();
  for (const finding of findings) {
    const key = JSON.stringify(Object.entries(finding.labels).sort());
    const other = byLabels.get(key);
    if (other === undefined || ranks.indexOf(finding.status) > ranks.indexOf(other.status)) {
      byLabels.set(key, finding);
    }
  }
  return [...byLabels.values()];
}

function ending({ code, signal, stdout, stderr }: ProgramResult): string {
  const said = cleanLine(stderr, 200) || cleanLine(stdout, 200);
  return `it ended with ${signal ?? `exit code ${code}`}${said === "" ? "" : `: ${said}`}`;
}

function working({ name, program }: ExecSettings, problem?: string): Finding {
  return rateState({
    check: "exec::error",
    target: name,
    ok: problem === undefined,
    description: problem === undefined
      ? `program ${name} works`
      : `program ${name} (${program}) does not work: ${problem}`,
    current: problem === undefined ? "works" : cleanLine(problem, 300),
    expected: "must end in time, and say what it found",
  });
}
