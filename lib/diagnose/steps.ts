/** The steps of a diagnosis: begun side by side, told in order. */
import { Buffer } from "node:buffer";
import { type Clock, sleep } from "../clock.ts";
import type { StreamCallback } from "../sessions/runners.ts";
import { cappedText } from "./capped_text.ts";
import { type Gap, gapOf, remedyOf } from "./gap.ts";

/** What a step came to. */
export interface StepAnswer<T> {
  /** As it is streamed. */
  readonly text: string;
  readonly value: T;
}

/** What is asked. */
export interface StepName {
  /** The tool, or the check's plugin. */
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** One thing to look at. */
export interface Step<T> extends StepName {
  /** Why it is looked at: one short sentence. */
  readonly why: string;
  run(signal: AbortSignal): Promise<StepAnswer<T>>;
}

/** One step, done. Either it has an answer or a gap. */
export interface StepOutcome<T> {
  readonly step: StepName;
  readonly durationMs: number;
  /** The size of the answer's text, in UTF-8. */
  readonly bytes: number;
  readonly answer?: StepAnswer<T>;
  readonly gap?: Gap;
}

/** Options of {@linkcode runSteps}. */
export interface RunStepsOptions {
  clock: Clock;
  /** How long one step may take. */
  stepDeadlineMs: number;
  /** Gets each outcome once it has been told, so that those before a cancellation are not lost. */
  onOutcome?: (outcome: StepOutcome<unknown>) => void;
  /** Aborts when the time for all of them is over: what has not come back by then is a gap. */
  over: AbortSignal;
  /** How many may be under way at once. @default 4 */
  atOnce?: number;
  /** The most of one answer that is streamed, in bytes of UTF-8. @default 4096 */
  maxStreamedBytes?: number;
}

/**
 * Runs the steps and streams `thinking`, `tool_call` and `tool_result` for each, in their order, whichever comes back
 * first. A step that fails or hangs leaves a gap, and the others go on. Leaves no timer and no listener behind.
 *
 * @throws the signal's reason, as soon as it aborts.
 */
export async function runSteps<T>(
  steps: readonly Step<T>[],
  options: RunStepsOptions,
  stream: StreamCallback,
  signal: AbortSignal,
): Promise<StepOutcome<T>[]> {
  const { atOnce = 4, maxStreamedBytes = 4096, over, onOutcome } = options;
  signal.throwIfAborted();
  const ending = new AbortController(); // what still runs when this returns early is told to let go
  const both = AbortSignal.any([signal, over, ending.signal]);
  const outcomes = steps.map(() => Promise.withResolvers<StepOutcome<T>>());
  let next = 0;
  const work = async () => {
    for (let index = next++; index < steps.length; index = next++) {
      const step = steps[index];
      if (step !== undefined) outcomes[index]?.resolve(await attempt(step, options, both));
    }
  };
  const workers = Array.from({ length: Math.min(atOnce, steps.length) }, work);
  const told: StepOutcome<T>[] = [];
  const remedies = new Set<string>();
  const gapText = (gap: Gap | undefined) => {
    if (gap === undefined) return "";
    const remedy = remedyOf(gap);
    if (remedy === undefined || !remedies.has(remedy)) {
      if (remedy !== undefined) remedies.add(remedy);
      return `${gap.kind}: ${gap.message}`;
    }
    return `${gap.kind}: ${gap.message.slice(0, -remedy.length)}as above`;
  };
  try {
    for (const [index, step] of steps.entries()) {
      const begun = !over.aborted;
      if (begun) {
        await unlessAborted(stream("thinking", step.why), signal);
        await unlessAborted(stream("tool_call", callText(step)), signal);
      }
      const outcome = await unlessAborted(outcomes[index]?.promise ?? Promise.reject(), signal);
      told.push(outcome);
      onOutcome?.(outcome);
      const text = outcome.answer?.text ?? gapText(outcome.gap);
      if (begun) await unlessAborted(stream("tool_result", cappedText(text, maxStreamedBytes)), signal);
    }
    return told;
  } finally {
    ending.abort();
    await Promise.all(workers);
  }
}

/** `disk_overview path=/data`: as one would type it in a chat. */
export function callText({ name, args }: StepName): string {
  const words = Object.entries(args).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `${key}=${/^[^\s"'\\]+$/.test(text) ? text : JSON.stringify(text)}`;
  });
  return [name, ...words].join(" ");
}

/** Waits for a promise, or rejects with the signal's reason as soon as it aborts. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) {
      promise.catch(() => {}); // nobody waits for it any more
      return reject(signal.reason);
    }
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** Never rejects, and comes back at the deadline or on abort even where the step itself does not listen. */
async function attempt<T>(
  step: Step<T>,
  { clock, stepDeadlineMs, over }: RunStepsOptions,
  signal: AbortSignal,
): Promise<StepOutcome<T>> {
  const { name, args } = step;
  const startMs = clock.monotonicMs();
  const outcome = (rest: Pick<StepOutcome<T>, "answer" | "gap">) => ({
    step: { name, args },
    durationMs: Math.round(clock.monotonicMs() - startMs),
    bytes: rest.answer === undefined ? 0 : Buffer.byteLength(rest.answer.text),
    ...rest,
  });
  if (signal.aborted) {
    return outcome({ gap: { kind: "not_begun", message: "the time for the diagnosis was over" } });
  }
  const late = new AbortController();
  const done = new AbortController();
  const mine = AbortSignal.any([signal, late.signal]);
  sleep(clock, stepDeadlineMs, done.signal).then(
    () => late.abort(new DOMException("no result in time", "TimeoutError")),
    () => {},
  );
  try {
    // A step that throws before its first await rejects like any other.
    const running = (async () => await step.run(mine))();
    return outcome({ answer: await unlessAborted(running, mine) });
  } catch (error) {
    if (late.signal.aborted || over.aborted) {
      return outcome({ gap: { kind: "timed_out", message: "no result in time" } });
    }
    return outcome({ gap: gapOf(error) });
  } finally {
    done.abort();
  }
}
