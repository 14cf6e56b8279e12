/** Looks at the containers of one engine. */
import type { DockerSettings } from "./docker.ts";
import { sleep } from "../clock.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { DockerClient, DockerStatusError } from "../host/probes/docker.ts";
import type { DockerContainer, DockerStats } from "../host/probes/docker_answers.ts";
import type { Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import {
  answerFinding,
  cpuFinding,
  healthFinding,
  memoryFinding,
  missingFinding,
  runningFinding,
} from "./docker_findings.ts";
import { restartFinding, RestartHistory } from "./docker_restarts.ts";
import { type NamePattern, namePattern } from "./name_pattern.ts";

const CONCURRENCY = 5;
/** For how long the first look measures. */
const FIRST_LOOK_MS = 1000;

/** One engine's looks. */
export class DockerLook {
  readonly #settings: DockerSettings;
  readonly #clock: CheckSeams["clock"];
  readonly #client: DockerClient;
  readonly #selected: readonly NamePattern[];
  readonly #ignored: readonly NamePattern[];
  readonly #restarts: RestartHistory;
  /** By container id, the reading before. */
  #readings = new Map<string, DockerStats>();

  constructor(settings: DockerSettings, { clock, memory }: CheckSeams) {
    this.#settings = settings;
    this.#clock = clock;
    this.#client = new DockerClient({ clock, socket: settings.socket, answerMs: settings.answer_timeout });
    this.#selected = settings.containers.map(namePattern);
    this.#ignored = settings.ignore.map(namePattern);
    this.#restarts = new RestartHistory({
      memory,
      clock,
      key: settings.socket,
      windowMs: settings.restart.window,
    });
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const chosen = this.#choose(await this.#client.containers(signal));
    const findings = this.#missing(chosen);
    const readings = new Map<string, DockerStats>();
    await sideBySide(chosen, CONCURRENCY, async (container) => {
      findings.push(...await this.#lookAt(container, readings, signal));
    });
    this.#readings = readings;
    this.#restarts.save(chosen.map(({ name }) => name));
    return findings;
  }

  #choose(containers: readonly DockerContainer[]): DockerContainer[] {
    const named = (name: string) =>
      this.#selected.some((pattern) => pattern.isExact && pattern.matches(name));
    return containers
      .filter(({ name }) =>
        this.#selected.some((pattern) => pattern.matches(name)) &&
        !this.#ignored.some((pattern) => pattern.matches(name))
      )
      .toSorted((a, b) => Number(named(b.name)) - Number(named(a.name)) || compare(a.name, b.name))
      .slice(0, this.#settings.max_containers);
  }

  #missing(chosen: readonly DockerContainer[]): Finding[] {
    const there = new Set(chosen.map(({ name }) => name));
    return this.#selected.filter(({ isExact, source }) => isExact && !there.has(source))
      .filter(({ source }) => !this.#ignored.some((pattern) => pattern.matches(source)))
      .map(({ source }) => missingFinding(source));
  }

  /** What is wrong with one harms no other. */
  async #lookAt(
    container: DockerContainer,
    readings: Map<string, DockerStats>,
    signal: AbortSignal,
  ): Promise<Finding[]> {
    const { name } = container;
    const findings: Finding[] = [];
    try {
      const inspection = await this.#client.inspect(container.id, signal);
      const isNamed = this.#selected.some((pattern) => pattern.isExact && pattern.matches(name));
      findings.push(runningFinding(name, inspection, isNamed));
      findings.push(...healthFinding(name, inspection));
      const restarts = this.#restarts.count(name, inspection);
      findings.push(restartFinding(name, restarts, this.#settings.restart));
      if (inspection.state === "running") {
        findings.push(...await this.#usage(container, inspection.cpuLimit, readings, signal));
      }
      findings.push(answerFinding(name, undefined));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FactUnavailableError) throw error;
      // Removed between the list and the question: it is no longer there to be watched.
      if (error instanceof DockerStatusError && error.status === 404) return [];
      findings.push(answerFinding(name, error instanceof Error ? error.message : String(error)));
    }
    return findings;
  }

  async #usage(
    { id, name }: DockerContainer,
    cpuLimit: number | undefined,
    readings: Map<string, DockerStats>,
    signal: AbortSignal,
  ): Promise<Finding[]> {
    const { cpu_usage, memory_usage } = this.#settings;
    const isCpuOn = cpu_usage.warn_ge > 0 || cpu_usage.critical_ge > 0;
    const isMemoryOn = memory_usage.warn_ge > 0 || memory_usage.critical_ge > 0;
    if (!isCpuOn && !isMemoryOn) return [];
    let before = this.#readings.get(id);
    let now = await this.#client.stats(id, signal);
    if (isCpuOn && before === undefined) {
      before = now;
      await sleep(this.#clock, FIRST_LOOK_MS, signal);
      now = await this.#client.stats(id, signal);
    }
    readings.set(id, now);
    return [
      ...(isCpuOn && before !== undefined ? cpuFinding(name, { before, now, cpuLimit }, cpu_usage) : []),
      ...(isMemoryOn ? memoryFinding(name, now, memory_usage) : []),
    ];
  }
}

/** At most `limit` at a time. Settles when all have; throws what the first that failed threw. */
async function sideBySide<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const lanes = Array.from({ length: Math.min(limit, items.length) }, async () => {
    for (const item of waiting) await work(item);
  });
  const results = await Promise.allSettled(lanes);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
