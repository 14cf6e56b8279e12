/** Processes that are about to run out of files that they may open. */
import { percentText } from "../host/figure_text.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { countOpenFiles } from "../host/process/process_fds.ts";
import { countOf } from "../host/kernel_text.ts";
import { OPEN_FILES, softLimit } from "../host/process/process_limits.ts";
import { statusField } from "../host/process/process_status.ts";
import { listPids } from "../host/process/process_table.ts";
import { vanished } from "../host/process/vanished.ts";
import type { Check, Finding } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { rateFigure, thresholdOptions, type Thresholds } from "./rating.ts";

const TARGET = "processes";

/** How many processes are named. */
const MAX_NAMED = 3;

/** The process that has used most of its limit stands for all. */
export const PROCFD_CHECK = defineCheck({
  plugin: "procfd",
  summary: "how many of the files that a process may open it has open, for the worst of them",
  dimensions: [{
    dimension: "fd_usage",
    target: TARGET,
    figure: "open files of the worst process",
    source: "`/proc/<pid>/fd`, `limits`",
    defaults: "warning ≥ 80 %, critical ≥ 90 %",
  }],
  options: () =>
    thresholdOptions({ warn: 80, critical: 90, unit: "percent of the process's own limit", max: 100 }),
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ kernel: "/proc" }],
  make: (settings, { host }): Check[] => [{
    plugin: "procfd",
    target: TARGET,
    async gather(signal) {
      const candidates = await readCandidates(host, signal);
      const { usages, refused, refusal } = await worstUsages(host, candidates, signal);
      if (usages.length === 0) {
        if (refusal !== undefined) throw refusal;
        return [];
      }
      return [rateWorst(usages, refused, settings)];
    },
  }],
});

/** A process that has a limit, and the most files that it can have open by the places it has for them. */
interface Candidate {
  readonly pid: number;
  readonly name: string;
  readonly limit: number;
  readonly places: number;
}

interface Usage extends Candidate {
  readonly open: number;
  readonly percent: number;
}

async function readCandidates(host: HostFacts, signal: AbortSignal): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const pid of await listPids(host)) {
    signal.throwIfAborted();
    const candidate = await vanished(() => readCandidate(host, pid));
    if (candidate !== undefined) candidates.push(candidate);
  }
  return candidates;
}

/** @returns undefined for what has no files: a thread of the kernel, a zombie. */
async function readCandidate(host: HostFacts, pid: number): Promise<Candidate | undefined> {
  const status = await host.text(`/proc/${pid}/status`);
  if (statusField(status, "VmSize") === undefined) return undefined;
  const places = countOf(statusField(status, "FDSize")) ?? Infinity;
  const limit = softLimit(await host.text(`/proc/${pid}/limits`), OPEN_FILES);
  if (limit === undefined || limit <= 0 || places <= 0) return undefined;
  return { pid, name: statusField(status, "Name") ?? "?", limit, places };
}

/**
 * Counting is what costs: those with the most places come first, and once the worst found is worse than any other can
 * be, the rest need not be counted.
 */
async function worstUsages(host: HostFacts, candidates: readonly Candidate[], signal: AbortSignal) {
  const most = ({ places, limit }: Candidate) => 100 * places / limit;
  const usages: Usage[] = [];
  let refused = 0;
  let refusal: FactUnavailableError | undefined;
  for (const candidate of candidates.toSorted((a, b) => most(b) - most(a))) {
    signal.throwIfAborted();
    if ((usages[0]?.percent ?? -1) >= most(candidate)) break;
    try {
      const open = await countOpenFiles(host, candidate.pid);
      if (open === undefined) continue;
      usages.push({ ...candidate, open, percent: 100 * open / candidate.limit });
      usages.sort((a, b) => b.percent - a.percent);
    } catch (error) {
      if (!(error instanceof FactUnavailableError)) throw error;
      refused++;
      refusal ??= error;
    }
  }
  return { usages, refused, refusal };
}

function rateWorst(usages: readonly Usage[], refused: number, thresholds: Thresholds): Finding {
  const [worst] = usages;
  const named = usages.slice(0, MAX_NAMED).map(({ pid, name, open, limit }) =>
    `${name} (pid ${pid}) ${open} of ${limit}`
  );
  if (refused > 0) named.push(`${refused} of others could not be looked at`);
  return rateFigure({
    check: "procfd::fd_usage",
    target: TARGET,
    subject: `open files of ${worst?.name} (pid ${worst?.pid})`,
    value: worst?.percent ?? 0,
    show: percentText,
    showThreshold: (value) => `${value} %`,
    detail: named.join("; "),
  }, thresholds);
}
