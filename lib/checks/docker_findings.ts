/** What a container's state and counters come to. */
import { bytesText, percentText } from "../host/figure_text.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { maskSecrets } from "../host/mask_secrets.ts";
import type { DockerInspection, DockerStats } from "../host/probes/docker_answers.ts";
import type { Finding } from "./check.ts";
import { rateFigure, rateState, type Thresholds } from "./rating.ts";

/**
 * A container has to run where it is named, or where the engine is told to restart it; one that was merely found may
 * also have ended well, or not have begun.
 */
export function runningFinding(name: string, inspection: DockerInspection, isNamed: boolean): Finding {
  const { state, exitCode, oomKilled, restartPolicy } = inspection;
  const isRestarted = restartPolicy === "always" || restartPolicy === "unless-stopped";
  const endedWell = state === "created" || (state === "exited" && (exitCode ?? 0) === 0 && !oomKilled);
  const ok = state === "running" || (!isNamed && !isRestarted && endedWell);
  const why = [
    state === "exited" && exitCode !== undefined && `exit code ${exitCode}`,
    oomKilled && "killed for want of memory",
    inspection.error !== "" && maskSecrets(cleanLine(inspection.error, 200)),
  ].filter(Boolean).join(", ");
  return running(
    name,
    ok,
    `is ${cleanLine(state, 40) || "in no known state"}${why === "" ? "" : ` (${why})`}`,
    state,
  );
}

/** For a container that is named and not there. */
export function missingFinding(name: string): Finding {
  return running(name, false, "does not exist", "missing");
}

function running(name: string, ok: boolean, said: string, current: string): Finding {
  return rateState({
    check: "docker::container_running",
    target: name,
    ok,
    description: `container ${name} ${said}`,
    current: cleanLine(current, 40),
    expected: "must run",
  });
}

/** None where the container has no health check. One that starts has not failed yet. */
export function healthFinding(
  name: string,
  { health, failingStreak, healthOutput }: DockerInspection,
): Finding[] {
  if (health === undefined) return [];
  const ok = health !== "unhealthy";
  const streak = !ok && failingStreak !== undefined ? ` (${failingStreak} failures in a row)` : "";
  return [rateState({
    check: "docker::health_status",
    target: name,
    ok,
    description: `container ${name} is ${cleanLine(health, 40)}${streak}`,
    current: cleanLine(health, 40),
    expected: "must be healthy",
    ...(!ok && healthOutput !== undefined && { detail: maskSecrets(cleanLine(healthOutput, 200)) }),
  })];
}

/** Whether the engine told of it. */
export function answerFinding(name: string, problem: string | undefined): Finding {
  const ok = problem === undefined;
  return rateState({
    check: "docker::answer",
    target: name,
    ok,
    severity: "Warning",
    description: ok
      ? `the engine tells of container ${name}`
      : `container ${name} cannot be looked at: ${cleanLine(problem, 300)}`,
    current: ok ? "answers" : "no answer",
    expected: "the engine must answer in time",
  });
}

/** Between two readings, of the processors that the container may use. None where the readings do not compare. */
export function cpuFinding(
  name: string,
  { before, now, cpuLimit }: { before: DockerStats; now: DockerStats; cpuLimit: number | undefined },
  thresholds: Thresholds,
): Finding[] {
  const usedNs = (now.cpuTotalNs ?? NaN) - (before.cpuTotalNs ?? NaN);
  const elapsedMs = (now.readAtMs ?? NaN) - (before.readAtMs ?? NaN);
  const processors = cpuLimit ?? now.onlineCpus ?? 1;
  // A counter that went back is a container that was started anew.
  if (!(usedNs >= 0) || !(elapsedMs > 0)) return [];
  const cores = usedNs / (elapsedMs * 1e6);
  return [rateFigure({
    check: "docker::cpu_usage",
    target: name,
    subject: `processor usage of container ${name}`,
    value: 100 * cores / processors,
    show: percentText,
    showThreshold: (value) => `${value} %`,
    detail: `${cores.toFixed(2)} of ${Number(processors.toFixed(2))} processors`,
  }, thresholds)];
}

/** None where the engine gives no usage or no limit. */
export function memoryFinding(
  name: string,
  { memoryUsedBytes, memoryLimitBytes }: DockerStats,
  thresholds: Thresholds,
): Finding[] {
  if (memoryUsedBytes === undefined || memoryLimitBytes === undefined) return [];
  return [rateFigure({
    check: "docker::memory_usage",
    target: name,
    subject: `memory usage of container ${name}`,
    value: 100 * memoryUsedBytes / memoryLimitBytes,
    show: percentText,
    showThreshold: (value) => `${value} %`,
    detail: `${bytesText(memoryUsedBytes)} of ${bytesText(memoryLimitBytes)}`,
  }, thresholds)];
}
