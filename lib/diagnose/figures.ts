/** The checks' figures, measured now and for one request. */
import type { Check, Finding } from "../checks/check.ts";
import { gatherWithin } from "../checks/gather.ts";
import type { Clock } from "../clock.ts";
import type { Evidence } from "./evidence.ts";
import { type Gap, gapOf } from "./gap.ts";
import type { Step } from "./steps.ts";

/** What one check had to say. */
export interface Observation {
  readonly plugin: string;
  readonly target: string;
  readonly findings: readonly Finding[];
  /** Why there are no findings. */
  readonly gap?: Gap;
}

/** What one step saw: a check's findings, or a tool's figures. */
export interface Seen {
  readonly observations: readonly Observation[];
  readonly evidence: readonly Evidence[];
}

/** Options of {@linkcode checkSteps}. */
export interface ObserveOptions {
  clock: Clock;
  /** How long one check may take. */
  deadlineMs: number;
  /** What alone is asked about, where a check has it among others. @default undefined: all of it */
  target?: string | undefined;
}

/** The plugins of these checks, each once, in order. */
export function pluginsOf(checks: readonly Check[]): string[] {
  return [...new Set(checks.map((check) => check.plugin))];
}

/** One step for each plugin: its checks look, side by side. A check that cannot look leaves a gap of its own. */
export function checkSteps(checks: readonly Check[], options: ObserveOptions): Step<Seen>[] {
  return pluginsOf(checks).map((plugin) => ({
    name: plugin,
    args: {},
    why: `What do the thresholds say of ${plugin}?`,
    async run(signal) {
      const mine = checks.filter((check) => check.plugin === plugin);
      const observations = await Promise.all(
        mine.map(async (check) => aimed(await observe(check, options, signal), options.target)),
      );
      return {
        text: observations.flatMap(observationLines).join("\n"),
        value: { observations, evidence: [] },
      };
    },
  }));
}

/** A check of many targets may have the one that is asked about: the others are beside the point then. */
function aimed(observation: Observation, target: string | undefined): Observation {
  const findings = observation.findings.filter(({ labels }) => labels.target === target);
  return findings.length === 0 ? observation : { ...observation, findings };
}

/** One line for each finding or gap. */
export function observationLines({ target, findings, gap }: Observation): string[] {
  if (gap !== undefined) return [`${gap.kind}: ${gap.message}`];
  if (findings.length === 0) return [`${target}: nothing to measure`];
  return findings.map(({ description, detail }) => `${description}${detail ? ` (${detail})` : ""}`);
}

async function observe(
  check: Check,
  { clock, deadlineMs }: ObserveOptions,
  signal: AbortSignal,
): Promise<Observation> {
  const { plugin, target } = check;
  try {
    const { findings } = gatherWithin(check, { clock, deadlineMs }, signal);
    return { plugin, target, findings: (await findings).filter(worthSaying) };
  } catch (error) {
    signal.throwIfAborted();
    return { plugin, target, findings: [], gap: gapOf(error) };
  }
}

/** That a state is as it should be goes without saying. */
function worthSaying(finding: Finding): boolean {
  return finding.value !== undefined || finding.status !== "Ok";
}
