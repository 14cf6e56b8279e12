/** The built-in checks' figures, measured now and for one request. */
import type { Check, Finding } from "../checks/check.ts";
import { gatherWithin } from "../checks/gather.ts";
import type { Clock } from "../clock.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import type { StreamCallback } from "../sessions/runners.ts";

/** What one check had to say. */
export interface Observation {
  readonly plugin: string;
  readonly target: string;
  readonly findings: readonly Finding[];
  /** Why there are no findings: `unavailable: …` or `failed: …`. */
  readonly gap?: string;
}

/** Options of {@linkcode observe}. */
export interface ObserveOptions {
  clock: Clock;
  /** How long one check may take. */
  deadlineMs: number;
}

/** The plugins of these checks, each once, in order. */
export function pluginsOf(checks: readonly Check[]): string[] {
  return [...new Set(checks.map((check) => check.plugin))];
}

/**
 * Lets the checks look, plugin by plugin, and streams a `tool_call` and a `tool_result` for each. A check that
 * cannot look leaves a gap, and the others go on.
 * @throws the signal's reason, as soon as it aborts.
 */
export async function observe(
  checks: readonly Check[],
  { clock, deadlineMs }: ObserveOptions,
  stream: StreamCallback,
  signal: AbortSignal,
): Promise<Observation[]> {
  const all: Observation[] = [];
  for (const plugin of pluginsOf(checks)) {
    signal.throwIfAborted();
    await stream("tool_call", plugin);
    signal.throwIfAborted();
    const observations = await Promise.all(
      checks.filter((check) => check.plugin === plugin).map(async (check): Promise<Observation> => {
        const { target } = check;
        try {
          const { findings } = gatherWithin(check, { clock, deadlineMs }, signal);
          return { plugin, target, findings: (await findings).filter(worthSaying) };
        } catch (error) {
          signal.throwIfAborted();
          return { plugin, target, findings: [], gap: gapText(error) };
        }
      }),
    );
    await stream("tool_result", observations.flatMap(observationLines).join("\n"));
    all.push(...observations);
  }
  signal.throwIfAborted();
  return all;
}

/** One line for each finding or gap. */
export function observationLines({ target, findings, gap }: Observation): string[] {
  if (gap !== undefined) return [gap];
  if (findings.length === 0) return [`${target}: nothing to measure`];
  return findings.map(({ description, detail }) => `${description}${detail ? ` (${detail})` : ""}`);
}

/** That a state is as it should be goes without saying. */
function worthSaying(finding: Finding): boolean {
  return finding.value !== undefined || finding.status !== "Ok";
}

function gapText(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `${error instanceof FactUnavailableError ? "unavailable" : "failed"}: ${reason}`;
}
