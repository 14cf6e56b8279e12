/** One host's looks at the files that processes have open. */
import type { Clock } from "../clock.ts";
import { percentText } from "../host/figure_text.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { countOf } from "../host/kernel_text.ts";
import { countOpenFiles } from "../host/process/process_fds.ts";
import { OPEN_FILES, softLimit } from "../host/process/process_limits.ts";
import { statusField } from "../host/process/process_status.ts";
import { listPids } from "../host/process/process_table.ts";
import { vanished } from "../host/process/vanished.ts";
import type { Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import { TARGET } from "./procfd.ts";
import { rateFigure, type Thresholds } from "./rating.ts";

/** How many processes are named. */
const MAX_NAMED = 3;

/** How long a process without files is left alone: at its end another one may get its number. */
const WITHOUT_FILES_AGE_MS = 60_000;

/** The process that has used most of its limit stands for all. */
export class ProcfdLook {
  readonly #thresholds: Thresholds;
  readonly #host: HostFacts;
  readonly #withoutFiles: WithoutFiles;

  constructor(thresholds: Thresholds, { host, clock }: CheckSeams) {
    this.#thresholds = thresholds;
    this.#host = host;
    this.#withoutFiles = new WithoutFiles(clock);
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const candidates = await readCandidates(this.#host, this.#withoutFiles, signal);
    const { usages, refused, refusal } = await worstUsages(this.#host, candidates, signal);
    if (usages.length === 0) {
      if (refusal !== undefined) throw refusal;
      return [];
    }
    return [rateWorst(usages, refused, this.#thresholds)];
  }
}

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

/**
 * Threads of the kernel and zombies, mostly more than half of what is listed: none of them ever has files again. Told by
 * the number alone, and so looked at anew every {@linkcode WITHOUT_FILES_AGE_MS}.
 */
class WithoutFiles {
  readonly #clock: Clock;
  #pids = new Set<number>();
  #sinceMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those of `pids` that may have files: call it first. */
  others(pids: readonly number[]): readonly number[] {
    const nowMs = this.#clock.monotonicMs();
    const isOld = nowMs - this.#sinceMs >= WITHOUT_FILES_AGE_MS;
    if (isOld) this.#sinceMs = nowMs;
    const known = this.#pids;
    this.#pids = new Set(isOld ? [] : pids.filter((pid) => known.has(pid)));
    return pids.filter((pid) => !this.#pids.has(pid));
  }

  add(pid: number): void {
    this.#pids.add(pid);
  }
}

async function readCandidates(
  host: HostFacts,
  withoutFiles: WithoutFiles,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const pid of withoutFiles.others(await listPids(host))) {
    signal.throwIfAborted();
    const candidate = await vanished(() => readCandidate(host, pid, withoutFiles));
    if (candidate !== undefined) candidates.push(candidate);
  }
  return candidates;
}

async function readCandidate(
  host: HostFacts,
  pid: number,
  withoutFiles: WithoutFiles,
): Promise<Candidate | undefined> {
  const status = await host.text(`/proc/${pid}/status`);
  if (statusField(status, "VmSize") === undefined) {
    withoutFiles.add(pid);
    return undefined;
  }
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
