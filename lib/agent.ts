/**
 * The agent as a library: {@linkcode Agent} is put together from plain options, and every part that an embedder may
 * want to replace is one of them.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { Delivery } from "./alerts/delivery.ts";
import type { AlertEvent } from "./alerts/event.ts";
import type { Notifier } from "./alerts/notifiers/notifier.ts";
import { ServerNotifier } from "./alerts/notifiers/server.ts";
import { RingBuffer } from "./alerts/ring_buffer.ts";
import type { Check } from "./checks/check.ts";
import { builtInChecks } from "./checks/built_in.ts";
import { CheckEngine, type ScheduledCheck } from "./checks/engine.ts";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { parseServerAddress } from "./config/address.ts";
import { FiguresChat } from "./diagnose/figures_chat.ts";
import { Playbook } from "./diagnose/playbook.ts";
import type { HostFacts } from "./host/host_facts.ts";
import { type LoadFigures, LoadSampler } from "./host/load_figures.ts";
import { RuntimeFacts } from "./host/runtime.ts";
import { Backoff } from "./link/backoff.ts";
import { Connection, type ConnectionTimings } from "./link/connection.ts";
import type { ConnectionEvent } from "./link/connection_event.ts";
import { runForever } from "./link/reconnect.ts";
import { SuspensionDetector } from "./link/suspension.ts";
import type { Heartbeat, Register } from "./protocol/mod.ts";
import { Dispatcher } from "./sessions/dispatcher.ts";
import { type ConcurrencyLimiter, SessionLimiter } from "./sessions/limiter.ts";
import type { ChatRunner, DiagnoseRunner } from "./sessions/runners.ts";
import { VERSION } from "./version.ts";

export type { AlertEvent, EventStatus } from "./alerts/event.ts";
export { alertEvent, type AlertEventOptions, alertKey } from "./alerts/event.ts";
export type { Notifier } from "./alerts/notifiers/notifier.ts";
export type { Check, Finding } from "./checks/check.ts";
export { type CheckSettings, type ChecksSettings, configuredChecks } from "./checks/configured.ts";
export type { ScheduledCheck } from "./checks/engine.ts";
export type { Clock, TimerId } from "./clock.ts";
export { ConfigError } from "./config/config_error.ts";
export { openStateDir, type OpenStateDirOptions, type StateDir } from "./config/state_dir.ts";
export type { CpuTimes, FileSystemFacts, HostFacts, LoadAverages, MemoryFacts } from "./host/host_facts.ts";
export type { ConnectionTimings } from "./link/connection.ts";
export type { ConnectionEnd } from "./link/connection_end.ts";
export type { ConnectionEvent } from "./link/connection_event.ts";
export type { Heartbeat, SessionParams, Stage } from "./protocol/mod.ts";
export { type ConcurrencyLimiter, SessionLimiter, type SessionLimiterOptions } from "./sessions/limiter.ts";
export type {
  ChatHandle,
  ChatRequest,
  ChatRunner,
  DiagnoseRequest,
  DiagnoseRunner,
  StreamCallback,
  StreamStage,
} from "./sessions/runners.ts";

/** What an {@linkcode Agent} is made of. Only the first two are needed. */
export interface AgentOptions {
  /**
   * The hub's address: `host[:port]`, or an `http`, `https`, `ws` or `wss` URL without a path; or, as a URL object, the
   * very endpoint to dial.
   */
  address: string | URL;
  /** A UUIDv4 that stays the same for this host; {@linkcode openStateDir} keeps one. */
  agentId: string;
  /** Sent as `X-Agent-Token`. */
  token?: string | undefined;
  /** Authorities to trust besides those that the runtime brings, PEM, one certificate each. */
  caCerts?: readonly string[];
  /** Sent with `register`, and added to the labels of every event of the agent's own checks. */
  labels?: Readonly<Record<string, string>>;
  /** How many events may wait while there is no connection; then the oldest are dropped. @default 1000 */
  alertBufferSize?: number;
  /** The checks to run, given the host to look at. @default the four built-in ones, each every 30 s */
  checks?: (host: HostFacts, clock: Clock) => ScheduledCheck[];
  /** Where figures come from. @default the runtime's own calls */
  host?: HostFacts;
  /** Does the work of *inspect* and *diagnose*; null: they are refused. @default a report of the checks' figures */
  diagnoseRunner?: DiagnoseRunner | null;
  /** Does the work of *chat*; null: it is refused. @default answers with figures, for no model is configured */
  chatRunner?: ChatRunner | null;
  /** How many sessions at once. @default three */
  limiter?: ConcurrencyLimiter;
  /** How long a chat may be idle before it ends, in milliseconds. @default 30 min */
  chatIdleMs?: number;
  /** Destinations of alert events besides the hub. @default none */
  notifiers?: readonly Notifier[];
  /** Deadlines of the connection's phases. */
  timings?: Partial<ConnectionTimings>;
  /** Hears what happens to the connection. What it throws is logged. */
  onEvent?: (event: ConnectionEvent) => void;
  /** Time, and the timers of all waits. @default the platform's */
  clock?: Clock;
  /** Uniform numbers in [0, 1), for the spread of waits. @default Math.random */
  random?: () => number;
}

/**
 * One agent: keeps a connection to its hub, runs checks, forwards alert events, answers sessions.
 *
 * Call order: construct, `run` once; `notify` at any time in between and during it.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #logger = getLogger(["pawl", "agent"]);
  readonly #host: HostFacts;
  readonly #queue: RingBuffer<AlertEvent>;
  readonly #delivery: Delivery;
  readonly #notifiers: readonly Notifier[];
  readonly #dispatcher: Dispatcher;
  readonly #engine: CheckEngine;
  readonly #sampler: LoadSampler;
  readonly #startMs: number;
  #reading: Promise<LoadFigures> | undefined;
  #ran = false;

  /**
   * Builds the parts; nothing runs yet.
   *
   * @throws ConfigError for an address that cannot be dialled.
   */
  constructor(options: AgentOptions) {
    const { address, clock = systemClock, random = Math.random } = options;
    this.#options = options;
    this.#url = address instanceof URL && address.pathname !== "/"
      ? address
      : parseServerAddress(String(address));
    this.#clock = clock;
    this.#random = random;
    this.#startMs = clock.monotonicMs();
    this.#host = options.host ?? new RuntimeFacts({ clock });
    this.#queue = new RingBuffer(options.alertBufferSize);
    this.#delivery = new Delivery({ queue: this.#queue, clock, random });
    this.#notifiers = [new ServerNotifier(this.#queue, this.#delivery), ...options.notifiers ?? []];
    const makeChecks = options.checks ?? defaultChecks;
    const seams = { host: this.#host, clock, makeChecks: () => checksOf(makeChecks(this.#host, clock)) };
    this.#dispatcher = new Dispatcher({
      diagnoseRunner: options.diagnoseRunner === null
        ? undefined
        : options.diagnoseRunner ?? new Playbook(seams),
      chatRunner: options.chatRunner === null ? undefined : options.chatRunner ?? new FiguresChat(seams),
      limiter: options.limiter ?? new SessionLimiter(),
      clock,
      ...(options.chatIdleMs !== undefined && { chatIdleMs: options.chatIdleMs }),
    });
    this.#engine = new CheckEngine({
      checks: makeChecks(this.#host, clock),
      clock,
      random,
      labels: { ...options.labels, from_agent: options.agentId },
      emit: (event) => this.notify(event),
    });
    this.#sampler = new LoadSampler({ host: this.#host });
  }

  /** Sends an event to every destination. O(1) for the hub; never throws. */
  notify(event: AlertEvent): void {
    for (const notifier of this.#notifiers) {
      try {
        if (!notifier.forward(event)) this.#logger.warn("alerts.not_forwarded", { notifier: notifier.name });
      } catch (error) {
        this.#logger.error("alerts.notifier_failed", { notifier: notifier.name, error });
      }
    }
  }

  /**
   * Runs until `stop` is aborted, then stops in order: new sessions are refused, running ones cancelled with their
   * final outputs sent, alerts flushed, the connection closed. Resolves once all that is done, 8 s later at most
   * with the default timings; never rejects for anything that happens to the connection.
   *
   * @throws Error when called a second time, RangeError for timings that no timer can keep.
   */
  async run(stop: AbortSignal): Promise<void> {
    if (this.#ran) throw new Error("cannot run the agent: it ran before; make a new one");
    this.#ran = true;
    const { agentId, token, caCerts = [], timings, onEvent } = this.#options;
    const clock = this.#clock;
    void this.#figures(stop); // so that the first heartbeat's processor usage has something to start from
    // Always a client of our own: it is what carries the authorities, and what the diagnosis of a failed dial uses.
    using client = Deno.createHttpClient({ caCerts: [...caCerts] });
    const connection = new Connection({
      url: this.#url,
      agentId,
      token,
      client,
      alerts: this.#delivery,
      sessions: this.#dispatcher,
      self: { register: () => this.#register(), heartbeat: () => this.#heartbeat(stop) },
      clock,
      onEvent,
      ...(timings && { timings }),
    });
    this.#engine.start();
    const stopEngine = () => void this.#engine[Symbol.asyncDispose]();
    stop.addEventListener("abort", stopEngine, { once: true });
    const suspension = new SuspensionDetector({ clock });
    await runForever(
      { connection, backoff: new Backoff(), suspension, clock, random: this.#random, onEvent },
      stop,
    );
    stop.removeEventListener("abort", stopEngine);
    await this.#engine[Symbol.asyncDispose]();
    this.#delivery[Symbol.dispose]();
    if (this.#queue.length > 0) {
      this.#logger.warn("alerts.undelivered_at_stop", { events: this.#queue.length });
    }
  }

  #register(): Omit<Register, "capabilities"> {
    return {
      hostname: known(() => this.#host.hostname()),
      ip: known(() => this.#host.ip()),
      os: Deno.build.os,
      arch: ARCHITECTURES[Deno.build.arch],
      labels: { ...this.#options.labels },
      plugins: this.#engine.plugins(),
      agent_version: VERSION,
      uptime_sec: Math.floor((this.#clock.monotonicMs() - this.#startMs) / 1000),
    };
  }

  async #heartbeat(stop: AbortSignal): Promise<Heartbeat> {
    const { cpuPct, memPct } = await this.#figures(stop);
    return {
      active_sessions: this.#dispatcher.activeSessions,
      active_alerts: this.#engine.activeAlerts,
      ...(cpuPct !== undefined && { cpu_pct: cpuPct }),
      ...(memPct !== undefined && { mem_pct: memPct }),
    };
  }

  /** The host is asked one question at a time; where it takes long, a heartbeat goes out without figures. */
  async #figures(stop: AbortSignal): Promise<LoadFigures> {
    this.#reading ??= this.#sampler.read().finally(() => this.#reading = undefined);
    const read = new AbortController();
    const patience = sleep(this.#clock, FIGURES_MS, AbortSignal.any([stop, read.signal]));
    const figures = await Promise.race([this.#reading, patience.then(() => ({}), () => ({}))]);
    read.abort();
    return figures;
  }
}

/** How long a heartbeat waits for the host's figures, in milliseconds. */
const FIGURES_MS = 2000;

/** The protocol's names for architectures. */
const ARCHITECTURES: Readonly<Record<typeof Deno.build.arch, string>> = { x86_64: "amd64", aarch64: "arm64" };

function defaultChecks(host: HostFacts, clock: Clock): ScheduledCheck[] {
  return builtInChecks({ host, clock }).map((check) => ({ check }));
}

function checksOf(scheduled: readonly ScheduledCheck[]): Check[] {
  return scheduled.map(({ check }) => check);
}

/** What the sandbox hides stays empty: registering matters more than a name. */
function known(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
