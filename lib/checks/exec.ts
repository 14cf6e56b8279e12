/** What a program of the operator's finds: events as JSON, or a plugin of the Nagios kind. */
import * as z from "zod";
import type { EventStatus } from "../alerts/event.ts";
import { absolutePath, duration } from "../config/fields.ts";
import { cleanBlock, cleanLine } from "../host/foreign_text.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { type ProgramResult, runProgram } from "../host/subprocess.ts";
import type { Check, Finding } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { type ExecEvent, parseExecEvents } from "./exec_events.ts";
import { parseNagiosOutput, type PerformanceFigure } from "./nagios_output.ts";
import { rateState } from "./rating.ts";

/** How much of what a program says is kept. */
const MAX_OUTPUT_BYTES = 1024 * 1024;
const MAX_LONG_CHARS = 2048;

const options = () => ({
  name: z.string().regex(
    /^[a-z0-9][a-z0-9_.-]{0,63}$/i,
    "must be letters, digits, `_`, `-` and `.`, at most 64",
  )
    .refine((name) => name !== "error", "cannot be error: that is where a program that does not work is told")
    .describe("What this program's findings go by: `exec::<name>`, and their target where it tells none."),
  program: absolutePath.describe("The program, by its absolute path; it is never run through a shell."),
  args: z.array(z.string().max(4096)).max(100).default([]).describe("The program's arguments, one by one."),
  mode: z.enum(["json", "nagios"]).default("json")
    .describe("What it prints: events as JSON, or one line and an exit code as Nagios plugins have it."),
  time_limit: duration("100ms", "10m").prefault("20s")
    .describe("How long it may run before it is ended; shorter than `timeout`, or that ends it first."),
  env: z.record(z.string(), z.string()).superRefine((env, context) => {
    for (const name of Object.keys(env)) {
      const problem = problemOfVariable(name);
      if (problem !== undefined) context.addIssue({ code: "custom", path: [name], message: problem });
    }
  }).default({}).describe(
    "Its environment, besides `PATH` and `LC_ALL=C`: it sees nothing of the agent's own.",
  ),
});
type Settings = z.output<z.ZodObject<ReturnType<typeof options>, z.core.$strict>>;

function problemOfVariable(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return "is no name of a variable";
  // The sandbox refuses them: a program could be made to run anything.
  return /^(?:LD_|DYLD_)/.test(name)
    ? "cannot be set: no program may be loaded with other libraries"
    : undefined;
}

/** A program that the configuration names. */
export const EXEC_CHECK = defineCheck({
  plugin: "exec",
  summary: "a program of yours: events as JSON, or a Nagios plugin",
  dimensions: [
    {
      dimension: "<name>",
      target: "what the program names, else its name",
      figure: "what the program finds",
      source: "its standard output and exit code",
      defaults: "as the program rates it",
    },
    {
      dimension: "error",
      target: "the name",
      figure: "whether the program works",
      source: "its end, and the form of its output",
      defaults: "critical where it does not",
    },
  ],
  options,
  pace: { interval: "1m", timeout: "30s" },
  byDefault: false,
  targets: ({ name }) => [name],
  needs: ({ program }) => [{ run: program }],
  secrets: ({ env }) => Object.values(env),
  make: (settings, { clock }): Check[] => [{
    plugin: "exec",
    target: settings.name,
    async gather(signal) {
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
    },
  }],
});

/** By exit code. The plugin itself says what it could not find out: that is worth a look, too. */
const NAGIOS_GRADES: readonly [EventStatus, string][] = [
  ["Ok", "OK"],
  ["Warning", "WARNING"],
  ["Critical", "CRITICAL"],
  ["Warning", "UNKNOWN"],
];

function fromNagios(settings: Settings, result: ProgramResult): Finding[] {
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

function fromJson(settings: Settings, result: ProgramResult): Finding[] {
  if (result.code !== 0 || result.signal !== null) return [working(settings, ending(result))];
  const { events, problem } = parseExecEvents(result.stdout);
  const cut = result.truncated ? `its output is longer than ${MAX_OUTPUT_BYTES / 1024} KiB` : undefined;
  return [
    ...worstOfEach(events.map((event) => fromEvent(settings, event))),
    working(settings, cut ?? problem),
  ];
}

function fromEvent({ name }: Settings, { status, labels, description, attrs }: ExecEvent): Finding {
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

function working({ name, program }: Settings, problem?: string): Finding {
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
