/** One host's looks at its disks. */
import { type Clock, sleep } from "../clock.ts";
import { type DiskStats, finishedRequests, parseDiskstats } from "../host/diskstats.ts";
import { type DiskKind, diskKind, isWholeDisk } from "../host/disk_kind.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { matchesText } from "../host/text_glob.ts";
import type { Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import type { DiskioSettings } from "./diskio.ts";
import { rateFigure } from "./rating.ts";

/** How long the first gather measures; later ones measure since the one before. */
const SHORT_INTERVAL_MS = 500;

/** What finished since the look before. */
export class DiskioLook {
  readonly #settings: DiskioSettings;
  readonly #host: HostFacts;
  readonly #clock: Clock;
  #before: ReadonlyMap<string, DiskStats> | undefined;

  constructor(settings: DiskioSettings, { host, clock }: CheckSeams) {
    this.#settings = settings;
    this.#host = host;
    this.#clock = clock;
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const earlier = this.#before ??= await firstLook(this.#host, this.#clock, this.#settings, signal);
    const later = await readStats(this.#host, this.#settings);
    this.#before = later;
    const kinds = await Promise.all([...later.keys()].map((device) => diskKind(this.#host, device)));
    return [...later.values()].flatMap((now, index) => {
      const then = earlier.get(now.device);
      return then === undefined ? [] : rated(then, now, kinds[index] ?? "unknown", this.#settings);
    });
  }
}

async function firstLook(host: HostFacts, clock: Clock, settings: DiskioSettings, signal: AbortSignal) {
  const stats = await readStats(host, settings);
  if (stats.size > 0) await sleep(clock, SHORT_INTERVAL_MS, signal);
  return stats;
}

async function readStats(host: HostFacts, settings: DiskioSettings): Promise<Map<string, DiskStats>> {
  const all = parseDiskstats(await host.text("/proc/diskstats"));
  const whole = await wholeDisks(host);
  const watched = all.filter(({ device }) => {
    if (settings.ignore_devices.some((pattern) => matchesText(device, pattern))) return false;
    return settings.devices.length > 0
      ? settings.devices.some((pattern) => matchesText(device, pattern))
      : isWholeDisk(device, whole);
  });
  return new Map(watched.map((stats) => [stats.device, stats]));
}

/** The devices that are no partitions; undefined where the system does not tell. */
async function wholeDisks(host: HostFacts): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set(await host.list("/sys/block"));
  } catch (error) {
    if (error instanceof FactUnavailableError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function rated(then: DiskStats, now: DiskStats, kind: DiskKind, settings: DiskioSettings): Finding[] {
  const [from, to] = [finishedRequests(then), finishedRequests(now)];
  const requests = to.requests - from.requests;
  const waitMs = to.waitMs - from.waitMs;
  // Another device under the same name, or counters that started anew: the next gather compares like with like.
  if (requests < 0 || waitMs < 0) return [];
  const idle = requests < settings.min_requests;
  const perRequestMs = idle ? 0 : waitMs / requests;
  return [rateFigure({
    check: "diskio::io_latency",
    target: now.device,
    subject: `time per request of ${now.device}`,
    value: perRequestMs,
    show: (value) => `${value.toFixed(1)} ms`,
    showThreshold: (value) => `${value} ms`,
    detail: `${kind === "unknown" ? "kind unknown" : kind.toUpperCase()}, ${requests} requests` +
      (idle ? ": idle" : `, ${now.inFlight} under way`),
  }, settings[kind])];
}
