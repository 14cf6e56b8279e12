/**
 * The agent as a library: {@linkcode Agent} is put together from plain options, and every part that an embedder may
 * want to replace is one of them.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { Delivery } from "./alerts/delivery.ts";
import { Destination } from "./alerts/destination.ts";
import type { AlertEvent } from "./alerts/event.ts";
import type { Notifier } from "./alerts/notifiers/notifier.ts";
import type { Sender } from "./alerts/notifiers/sender.ts";
import { ServerNotifier } from "./alerts/notifiers/server.ts";
import {
  capacityOf,
  openQueue,
  type OpenQueueOptions,
  type OwnedQueue,
  type QueueBounds,
} from "./alerts/open_queue.ts";
import type { Check } from "./checks/check.ts";
import { builtInChecks } from "./checks/built_in.ts";
import { CheckEngine, type CheckFigures, type ScheduledCheck } from "./checks/engine.ts";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { parseServerAddress } from "./config/address.ts";
import { FiguresChat } from "./diagnose/figures_chat.ts";
import { Playbook } from "./diagnose/playbook.ts";
import type { HostFacts } from "./host/host_facts.ts";
import { type LoadFigures, LoadSampler } from "./host/load_figures.ts";
import { RuntimeFacts } from "./host/runtime.ts";
import { Backoff, type BackoffOptions } from "./link/backoff.ts";
import { Connection, type ConnectionTimings } from "./link/connection.ts";
import type { ConnectionEvent } from "./link/connection_event.ts";
import { runForever } from "./link/reconnect.ts";
import { SuspensionDetector } from "./link/suspension.ts";
import { AgentPort } from "./local/agent_port.ts";
import type { CheckStatus } from "./local/agent_status.ts";
import { LinkTracker } from "./local/link_tracker.ts";
import { startLocalServer } from "./local/server.ts";
import type { Heartbeat, HeartbeatQueue, Register } from "./protocol/mod.ts";
import { Dispatcher } from "./sessions/dispatcher.ts";
import { type ConcurrencyLimiter, SessionLimiter } from "./sessions/limiter.ts";
import type { ChatRunner, DiagnoseRunner } from "./sessions/runners.ts";
import { VERSION } from "./version.ts";

export type { AlertEvent, EventStatus } from "./alerts/event.ts";
export { alertEvent, type AlertEventOptions, alertKey } from "./alerts/event.ts";
export type { Notifier } from "./alerts/notifiers/notifier.ts";
export { type AlertmanagerOptions, alertmanagerSender } from "./alerts/notifiers/alertmanager.ts";
export { type ConsoleOptions, consoleSender } from "./alerts/notifiers/console.ts";
export type { HttpMethod, HttpTransportOptions } from "./alerts/notifiers/http_request.ts";
export { type PagerdutyOptions, pagerdutySender } from "./alerts/notifiers/pagerduty.ts";
export { PermanentSendError, type Sender, TransientSendError } from "./alerts/notifiers/sender.ts";
export { type WebhookOptions, webhookSender } from "./alerts/notifiers/webhook.ts";
export type { QueueBounds } from "./alerts/open_queue.ts";
export type { Check, Finding } from "./checks/check.ts";
export { type CheckSettings, type ChecksSettings, configuredChecks } from "./checks/configured.ts";
export type { ScheduledCheck } from "./checks/engine.ts";
export type { Clock, TimerId } from "./clock.ts";
export { ConfigError } from "./config/config_error.ts";
export { openStateDir, type OpenStateDirOptions, type StateDir } from "./config/state_dir.ts";
export type { CpuTimes, FileSystemFacts, HostFacts, LoadAverages, MemoryFacts } from "./host/host_facts.ts";
export type { BackoffOptions } from "./link/backoff.ts";
export type { ConnectionTimings } from "./link/connection.ts";
export type { ConnectionEnd } from "./link/connection_end.ts";
export type { ConnectionEvent } from "./link/connection_event.ts";
export type { Heartbeat, HeartbeatQueue, SessionParams, Stage } from "./protocol/mod.ts";
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
  /** Where queues are kept, so that no event is lost with the process. @default none: queues are in memory */
  stateDir?: string | undefined;
  /** Bounds of each destination's queue on disk. */
  queue?: QueueBounds;
  /** How many events may wait in memory: all, or those that the disk does not take. @default 1000 */
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
  /** Destinations besides the hub, each behind a queue of its own; names are fit for files. @default none */
  destinations?: readonly { readonly name: string; readonly sender: Sender }[];
  /** Hears of every event too, without a queue. @default none */
  notifiers?: readonly Notifier[];
  /** Where the agent's own HTTP listens: a unix socket's path, or `host:port` with a token. @default nowhere */
  local?: LocalOptions | undefined;
  /** The waits between connections. */
  backoff?: BackoffOptions;
  /** Deadlines of the connection's phases. */
  timings?: Partial<ConnectionTimings>;
  /** Hears what happens to the connection. What it throws is logged. */
  onEvent?: (event: ConnectionEvent) => void;
  /** Time, and the timers of all waits. @default the platform's */
  clock?: Clock;
  /** Uniform numbers in [0, 1), for the spread of waits. @default Math.random */
  random?: () => number;
}

/** Where the agent's own HTTP listens. */
export interface LocalOptions {
  /** The absolute path of a unix socket, or `host:port`. */
  readonly listen: string;
  /** What callers over TCP must show; needed there. */
  readonly token?: string | undefined;
  /** Whether others than this host may reach it. @default false */
  readonly allowRemote?: boolean;
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
  readonly #queue: OwnedQueue;
  readonly #delivery: Delivery;
  readonly #destinations: readonly { readonly queue: OwnedQueue; readonly destination: Destination }[];
  readonly #link: LinkTracker;
  readonly #port: AgentPort;
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
    this.#queue = this.#openQueue("server", () => this.#delivery.wake());
    this.#delivery = new Delivery({ queue: this.#queue, clock, random });
    this.#destinations = (options.destinations ?? []).map(({ name, sender }) => {
      const queue = this.#openQueue(name, () => destination.wake());
      const destination = new Destination({ name, queue, sender, clock, random });
      return { queue, destination };
    });
    this.#notifiers = [
      new ServerNotifier(this.#queue, this.#delivery),
      ...this.#destinations.map(({ destination }) => destination),
      ...options.notifiers ?? [],
    ];
    const makeChecks = options.checks ?? defaultChecks;
    const seams = { host: this.#host, clock, makeChecks: () => checksOf(makeChecks(this.#host, clock)) };
    const limiter = options.limiter ?? new SessionLimiter();
    this.#dispatcher = new Dispatcher({
      diagnoseRunner: options.diagnoseRunner === null
        ? undefined
        : options.diagnoseRunner ?? new Playbook(seams),
      chatRunner: options.chatRunner === null ? undefined : options.chatRunner ?? new FiguresChat(seams),
      limiter,
      clock,
      ...(options.chatIdleMs !== undefined && { chatIdleMs: options.chatIdleMs }),
    });
    const labels = { ...options.labels, from_agent: options.agentId };
    this.#engine = new CheckEngine({
      checks: makeChecks(this.#host, clock),
      clock,
      random,
      labels,
      emit: (event) => this.notify(event),
    });
    this.#sampler = new LoadSampler({ host: this.#host });
    this.#link = new LinkTracker({ hub: this.#url.host, clock });
    this.#port = new AgentPort({
      version: VERSION,
      agentId: options.agentId,
      labels,
      startMs: this.#startMs,
      clock,
      link: this.#link,
      destinations: [
        { name: "server", queue: this.#queue, figures: () => this.#delivery.figures },
        ...this.#destinations.map(({ queue, destination }) => ({
          name: destination.name,
          queue,
          figures: () => destination,
        })),
      ],
      capacity: capacityOf(this.#queueOptions),
      notify: (event) => this.notify(event),
      sessions: () => ({
        active: this.#dispatcher.activeSessions,
        limit: limiter.limit,
        ...this.#dispatcher.figures,
      }),
      checks: () => this.#engine.figures().map(checkStatus),
    });
  }

  /** Sends an event to every destination. O(1), but for notifiers that are not; never throws. */
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
   * @throws ConfigError when the agent's own HTTP cannot listen where it should; Error when called a second time, RangeError for timings that no timer can keep.
   */
  async run(stop: AbortSignal): Promise<void> {
    if (this.#ran) throw new Error("cannot run the agent: it ran before; make a new one");
    this.#ran = true;
    const { agentId, token, caCerts = [], timings, backoff, local } = this.#options;
    const clock = this.#clock;
    const onEvent = (event: ConnectionEvent) => {
      this.#link.note(event);
      this.#options.onEvent?.(event);
    };
    // Let go of in the opposite order, also when something below throws.
    await using parts = new AsyncDisposableStack();
    for (const queue of this.#queues()) parts.defer(() => queue[Symbol.dispose]?.());
    parts.use(this.#delivery);
    const server = local && parts.use(await startLocalServer({ ...local, port: this.#port, clock }));
    void this.#figures(stop); // so that the first heartbeat's processor usage has something to start from
    // Always a client of our own: it is what carries the authorities, and what the diagnosis of a failed dial uses.
    const client = parts.use(Deno.createHttpClient({ caCerts: [...caCerts] }));
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
    for (const { destination } of this.#destinations) destination.start();
    const stopOthers = Promise.withResolvers<void>();
    const onStop = () => stopOthers.resolve(this.#stopOthers(server));
    stop.addEventListener("abort", onStop, { once: true });
    if (stop.aborted) onStop();
    const suspension = new SuspensionDetector({ clock });
    await runForever(
      { connection, backoff: new Backoff(backoff), suspension, clock, random: this.#random, onEvent },
      stop,
    );
    await stopOthers.promise;
    await this.#reportWaiting();
  }

  /** What stops beside the connection: nothing new comes in, and the other destinations get what they can take. */
  async #stopOthers(server: AsyncDisposable | undefined): Promise<void> {
    await Promise.all([
      server?.[Symbol.asyncDispose](),
      this.#engine[Symbol.asyncDispose](),
      ...this.#destinations.map(async ({ destination }) => {
        await destination.flush(FLUSH_MS);
        await destination[Symbol.asyncDispose]();
      }),
    ]);
  }

  async #reportWaiting(): Promise<void> {
    for (const queue of this.#queues()) {
      if (queue.length === 0) continue;
      if (await queue.durable()) this.#logger.info("alerts.kept_for_next_start", { events: queue.length });
      else this.#logger.warn("alerts.undelivered_at_stop", { events: queue.length });
    }
  }

  #queues(): OwnedQueue[] {
    return [this.#queue, ...this.#destinations.map(({ queue }) => queue)];
  }

  #openQueue(name: string, onRecovered: () => void): OwnedQueue {
    return openQueue({ ...this.#queueOptions, name, clock: this.#clock, onRecovered });
  }

  get #queueOptions(): Pick<OpenQueueOptions, "stateDir" | "bounds" | "memoryEvents"> {
    const { stateDir, queue, alertBufferSize } = this.#options;
    return { stateDir, memoryEvents: alertBufferSize, ...(queue && { bounds: queue }) };
  }

  #queueFigures(): HeartbeatQueue {
    const { accepted, settled, waiting, dropped } = this.#queue.figures;
    const { degraded } = this.#queue;
    return { accepted, acked: settled, waiting, dropped, ...(degraded !== undefined && { degraded }) };
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
      queue: this.#queueFigures(),
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

/** How long the other destinations have when the agent stops, in milliseconds. */
const FLUSH_MS = 5000;

/** How long a heartbeat waits for the host's figures, in milliseconds. */
const FIGURES_MS = 2000;

/** The protocol's names for architectures. */
const ARCHITECTURES: Readonly<Record<typeof Deno.build.arch, string>> = { x86_64: "amd64", aarch64: "arm64" };

function defaultChecks(host: HostFacts, clock: Clock): ScheduledCheck[] {
  return builtInChecks({ host, clock }).map((check) => ({ check }));
}

function checkStatus({ lastDurationMs, totalDurationMs, ...figures }: CheckFigures): CheckStatus {
  return {
    ...figures,
    ...(lastDurationMs !== undefined && { last_duration_sec: lastDurationMs / 1000 }),
    total_duration_sec: totalDurationMs / 1000,
  };
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
