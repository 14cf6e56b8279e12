/** One run: the questions, the follow-up questions, and what follows from the answers. */
import { remedyOf } from "./gap.ts";
import { type Clock, sleep } from "../clock.ts";
import type { StreamCallback } from "../sessions/runners.ts";
import { cappedText } from "./capped_text.ts";
import type { ChosenSubject } from "./chosen_subject.ts";
import { correlate, type Correlation } from "./correlate.ts";
import { EvidenceSet } from "./evidence.ts";
import { checkSteps, type Observation, type Seen } from "./figures.ts";
import { planQuestions } from "./questions.ts";
import { verdict } from "./report.ts";
import { callText, runSteps, type StepOutcome, unlessAborted } from "./steps.ts";
import type { ToolRunner } from "./tool_runner.ts";

/** Options of {@linkcode investigate}. */
export interface InvestigateOptions {
  clock: Clock;
  tools: ToolRunner;
  /** How long one check or tool may take. */
  deadlineMs: number;
  /** How long all of them may take. */
  totalDeadlineMs: number;
  /** Gets each step's outcome, in order. */
  onOutcome: (outcome: StepOutcome<unknown>) => void;
}

/** What a run saw. */
export interface Investigation {
  readonly observations: readonly Observation[];
  readonly evidence: EvidenceSet;
  readonly correlation: Correlation;
  /** What could not be seen, besides the observations' own gaps. */
  readonly gaps: readonly string[];
  /** The tools that answered, each once. */
  readonly asked: readonly string[];
  /** Where the report is not all it should be: why. */
  readonly shortfall?: string;
}

/** Checks and tools have a deadline of their own, and say more when it is theirs. */
const GRACE_MS = 1000;
/** A verdict is a line, not a report. */
const MAX_SAID_BYTES = 4096;
/** How many conclusions are told before the verdict. */
const MOST_TOLD = 5;

/** Asks, streaming each step, and concludes. @throws the signal's reason, as soon as it aborts. */
export async function investigate(
  { checks, play, subject }: ChosenSubject,
  { clock, tools, deadlineMs, totalDeadlineMs, onOutcome }: InvestigateOptions,
  stream: StreamCallback,
  signal: AbortSignal,
): Promise<Investigation> {
  // Names in it are a stranger's: a terminal must not obey them.
  const say: StreamCallback = (stage, text) =>
    unlessAborted(stream(stage, cappedText(text, MAX_SAID_BYTES)), signal);
  const over = new AbortController();
  const done = new AbortController();
  sleep(clock, totalDeadlineMs, done.signal).then(() => over.abort(), () => {});
  const run = (steps: Parameters<typeof runSteps<Seen>>[0]) =>
    runSteps(
      steps,
      { clock, stepDeadlineMs: deadlineMs + GRACE_MS, over: over.signal, onOutcome },
      stream,
      signal,
    );
  try {
    const target = subject.wholeHost ? undefined : subject.target;
    const first = planQuestions(play?.ask(subject) ?? [], tools);
    const steps = [...checkSteps(checks, { clock, deadlineMs, target }), ...first.steps];
    await say("thinking", introduction(steps.map(({ name }) => name)));
    const outcomes = await run(steps);
    const follow = over.signal.aborted ? [] : play?.follow?.(evidenceOf(outcomes), subject) ?? [];
    const second = planQuestions(follow, tools);
    outcomes.push(...await run(second.steps));

    const observations = outcomes.flatMap(({ answer }) => answer?.value.observations ?? []);
    const evidence = evidenceOf(outcomes);
    const correlation = correlate(evidence, observations.flatMap(({ findings }) => findings));
    for (const { severity, text } of correlation.conclusions.slice(0, MOST_TOLD)) {
      await say("thinking", `${severity}: ${text}.\n`);
    }
    await say("answer", verdict({ observations, evidence, correlation }));
    const short = shortfallOf(outcomes, observations, over.signal.aborted);
    return {
      observations,
      evidence,
      correlation,
      gaps: [
        ...gapLines(outcomes),
        ...[...new Set([...first.refused, ...second.refused])]
          .map((tool) =>
            `${tool}: unavailable: this host does not offer that tool, or its policy does not allow it`
          ),
      ],
      asked: [
        ...new Set(
          outcomes.filter(({ answer, step }) => answer && isTool(step.name)).map(({ step }) => step.name),
        ),
      ],
      ...(short !== undefined && { shortfall: short }),
    };
  } finally {
    done.abort();
  }

  function isTool(name: string): boolean {
    return !checks.some(({ plugin }) => plugin === name);
  }
}

/** One line for each gap; those with one remedy have one line in common. */
function gapLines(outcomes: readonly StepOutcome<Seen>[]): string[] {
  const lines = new Map<string, { names: string[]; text: string }>();
  for (const { step, gap } of outcomes) {
    if (gap === undefined) continue;
    const text = `${gap.kind}: ${gap.message}`;
    const remedy = remedyOf(gap);
    const line = lines.get(remedy ?? `${callText(step)} ${text}`);
    if (line === undefined) {
      lines.set(remedy ?? `${callText(step)} ${text}`, { names: [callText(step)], text });
    } else line.names.push(callText(step));
  }
  return [...lines.values()].map(({ names, text }) => `${names.join(", ")}: ${text}`);
}

function introduction(names: readonly string[]): string {
  return `No model is used. Measuring now: ${[...new Set(names)].join(", ")}.`;
}

function evidenceOf(outcomes: readonly StepOutcome<Seen>[]): EvidenceSet {
  return new EvidenceSet(outcomes.flatMap(({ answer }) => answer?.value.evidence ?? []));
}

function shortfallOf(
  outcomes: readonly StepOutcome<Seen>[],
  observations: readonly Observation[],
  isOver: boolean,
): string | undefined {
  if (isOver) return "the time for the diagnosis was over before everything had answered";
  const gaps = [...outcomes, ...observations].map(({ gap }) => gap?.kind);
  if (gaps.includes("timed_out")) return "something did not answer in time";
  if (gaps.includes("failed")) return "something failed";
  return undefined;
}
