/** What the agent tells its hub of itself. */
import { type Clock, sleep } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { type LoadFigures, LoadSampler } from "../host/load_figures.ts";
import type { Heartbeat, Register } from "../protocol/mod.ts";
import type { AlertQueue } from "../alerts/queue.ts";
import type { AlertEvent } from "../alerts/event.ts";
import { VERSION } from "../version.ts";

/** Options of {@linkcode SelfReport}. What may change is asked for each time. */
export interface SelfReportOptions {
  clock: Clock;
  host: HostFacts;
  queue: AlertQueue<AlertEvent>;
  labels: () => Readonly<Record<string, string>>;
  plugins: () => string[];
  activeSessions: () => number;
  activeAlerts: () => number;
}

/** How long a heartbeat waits for the host's figures, in milliseconds. */
const FIGURES_MS = 2000;

/** The protocol's names for architectures. */
const ARCHITECTURES: Readonly<Record<typeof Deno.build.arch, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** Makes the payloads of `register` and `heartbeat`. Both may be asked for at any time. */
export class SelfReport {
  readonly #options: SelfReportOptions;
  readonly #startMs: number;
  #host: HostFacts;
  #sampler: LoadSampler;
  #reading: Promise<LoadFigures> | undefined;

  constructor(options: SelfReportOptions) {
    this.#options = options;
    this.#startMs = options.clock.monotonicMs();
    this.#host = options.host;
    this.#sampler = new LoadSampler({ host: options.host });
  }

  /** When the agent was made, on the monotonic clock. */
  get startMs(): number {
    return this.#startMs;
  }

  /** Looks at another host from now on. */
  look(host: HostFacts): void {
    this.#host = host;
    this.#sampler = new LoadSampler({ host });
  }

  /** What the agent says of itself first. */
  register(): Omit<Register, "capabilities"> {
    const { clock, labels, plugins } = this.#options;
    return {
      hostname: known(() => this.#host.hostname()),
      ip: known(() => this.#host.ip()),
      os: Deno.build.os,
      arch: ARCHITECTURES[Deno.build.arch],
      labels: { ...labels() },
      plugins: plugins(),
      agent_version: VERSION,
      uptime_sec: Math.floor((clock.monotonicMs() - this.#startMs) / 1000),
    };
  }

  /** How it is now. Comes without figures where the host takes long to give them, and at once when `stop` aborts. */
  async heartbeat(stop: AbortSignal): Promise<Heartbeat> {
    const { queue, activeSessions, activeAlerts } = this.#options;
    const { cpuPct, memPct } = await this.figures(stop);
    const { accepted, settled, waiting, dropped } = queue.figures;
    const { degraded } = queue;
    return {
      active_sessions: activeSessions(),
      active_alerts: activeAlerts(),
      ...(cpuPct !== undefined && { cpu_pct: cpuPct }),
      ...(memPct !== undefined && { mem_pct: memPct }),
      queue: { accepted, acked: settled, waiting, dropped, ...(degraded !== undefined && { degraded }) },
    };
  }

  /** The host's figures; it is asked one question at a time. */
  async figures(stop: AbortSignal): Promise<LoadFigures> {
    this.#reading ??= this.#sampler.read().finally(() => this.#reading = undefined);
    const read = new AbortController();
    const patience = sleep(this.#options.clock, FIGURES_MS, AbortSignal.any([stop, read.signal]));
    const figures = await Promise.race([this.#reading, patience.then(() => ({}), () => ({}))]);
    read.abort();
    return figures;
  }
}

/** What the sandbox hides stays empty: registering matters more than a name. */
function known(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
