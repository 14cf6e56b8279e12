/** The agent: its parts, run and stopped in order. */
import { getLogger } from "@logtape/logtape";
import { join } from "node:path";
import { Delivery } from "../alerts/delivery.ts";
import { DestinationSet } from "../alerts/destination_set.ts";
import type { AlertEvent } from "../alerts/event.ts";
import type { Notifier } from "../alerts/notifiers/notifier.ts";
import { ServerNotifier } from "../alerts/notifiers/server.ts";
import { capacityOf, openQueue, type OpenQueueOptions, type OwnedQueue } from "../alerts/open_queue.ts";
import type { Check } from "../checks/check.ts";
import { CheckMemories } from "../checks/check_memory.ts";
import { defaultDefinition } from "../checks/default_checks.ts";
import { CheckEngine, type CheckFigures, type ScheduledCheck } from "../checks/engine.ts";
import { EngineStore } from "../checks/engine_store.ts";
import { type CheckSource, makeChecks } from "../checks/make_checks.ts";
import { type Clock, sleep, systemClock } from "../clock.ts";
import { checkEntries } from "../config/check_entries.ts";
import { defaultSettings } from "../config/default_settings.ts";
import { lazyRunners, type Runners } from "../diagnose/lazy_runners.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { RuntimeFacts } from "../host/runtime.ts";
import { HubLink } from "../link/hub_link.ts";
import { AgentPort, type PortDestination } from "../local/agent_port.ts";
import type { CheckStatus } from "../local/agent_status.ts";
import { LinkTracker } from "../local/link_tracker.ts";
import { ServerSeat } from "../local/server_seat.ts";
import { CAPABILITIES, PLAIN_CAPABILITIES } from "../protocol/mod.ts";
import { DEFAULT_REMOTE_SETTINGS } from "../sessions/remote_policy.ts";
import { ToolPolicy } from "../tools/policy.ts";
import { VERSION } from "../version.ts";
import { type AgentChanges, type AgentOptions, linkSettings } from "./agent_options.ts";
import { RemoteSessions } from "./remote_sessions.ts";
import { SelfReport } from "./self_report.ts";

/**
 * One agent: keeps a connection to its hub, runs checks, forwards alert events, answers sessions.
 *
 * Call order: construct, `run` once; `notify` at any time in between and during it.
 */
export class Agent {
  #options: AgentOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #logger = getLogger(["pawl", "agent"]);
  #host: HostFacts;
  readonly #queue: OwnedQueue;
  readonly #delivery: Delivery;
  readonly #destinations: DestinationSet;
  readonly #link: HubLink;
  readonly #tracker: LinkTracker;
  readonly #port: AgentPort;
  readonly #local: ServerSeat;
  #notifiers: readonly Notifier[];
  #runners: Runners;
  readonly #sessions: RemoteSessions;
  #engine: CheckEngine;
  readonly #self: SelfReport;
  #ran = false;
  #stop: AbortSignal = new AbortController().signal;
  readonly #started = Promise.withResolvers<void>();
  /** What can be known of the host before any check has looked. */
  #looking: Promise<void> | undefined;
  /** Resolves with the outcome of the first try to connect. */
  readonly #tried = Promise.withResolvers<void>();
  #stopping = false;
  /** The change that is being made, and those before it. */
  #changing: Promise<void> = Promise.resolve();

  /**
   * Builds the parts; nothing runs yet.
   *
   * @throws ConfigError for an address that cannot be dialled.
   */
  constructor(options: AgentOptions) {
    const { clock = systemClock, random = Math.random } = options;
    this.#options = options;
    const settings = linkSettings(options);
    this.#clock = clock;
    this.#random = random;
    this.#host = options.host ?? new RuntimeFacts({ clock });
    this.#queue = this.#openQueue("server", () => this.#delivery.wake());
    this.#delivery = new Delivery({ queue: this.#queue, clock, random });
    this.#destinations = new DestinationSet({
      open: (name, onRecovered) => this.#openQueue(name, onRecovered),
      clock,
      random,
    });
    this.#destinations.add(options.destinations ?? []);
    this.#notifiers = this.#allNotifiers();
    this.#runners = this.#makeRunners();
    this.#sessions = new RemoteSessions({
      agent: options,
      clock,
      runners: () => this.#runners,
      hub: () => this.#tracker.status.hub,
    });
    this.#engine = this.#makeEngine();
    this.#self = new SelfReport({
      clock,
      host: this.#host,
      queue: this.#queue,
      labels: () => this.#options.labels ?? {},
      plugins: () => this.#engine.plugins(),
      activeSessions: () => this.#sessions.active,
      activeAlerts: () => this.#engine.activeAlerts,
    });
    const { agentId, timings, backoff } = options;
    const [first] = settings.urls;
    this.#tracker = new LinkTracker({ hub: first?.host ?? "", clock });
    this.#link = new HubLink({
      settings,
      credentials: options.credentials,
      connection: {
        agentId,
        alerts: this.#delivery,
        sessions: this.#sessions.dispatcher,
        self: {
          prepare: () => this.#lookedAhead(),
          register: () => this.#self.register(),
          heartbeat: () => this.#self.heartbeat(this.#stop),
        },
        capabilities: () => this.#sessions.signed ? CAPABILITIES : PLAIN_CAPABILITIES,
        ...(timings && { timings }),
      },
      backoff,
      clock,
      random,
      onEvent: (event) => {
        this.#tracker.note(event);
        if (event.type !== "connecting") this.#tried.resolve();
        this.#options.onEvent?.(event);
      },
    });
    // Getters where what they give may change.
    const labels = () => this.#labels;
    const destinations = () => this.#portDestinations();
    const engine = () => this.#engine;
    this.#port = new AgentPort({
      version: VERSION,
      agentId: options.agentId,
      get labels() {
        return labels();
      },
      startMs: this.#self.startMs,
      clock,
      link: this.#tracker,
      get destinations() {
        return destinations();
      },
      capacity: capacityOf(this.#queueOptions),
      notify: (event) => this.notify(event),
      sessions: () => ({
        active: this.#sessions.active,
        limit: this.#sessions.limit,
        ...this.#sessions.figures,
      }),
      checks: () => this.#engine.figures().map(checkStatus),
      get alerts() {
        return engine();
      },
    });
    this.#local = new ServerSeat({ port: this.#port, clock });
    this.#started.promise.catch(() => {}); // of no interest where nothing waits for it
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
    this.#stop = stop;
    // Let go of in the opposite order, also when something below throws.
    await using parts = new AsyncDisposableStack();
    parts.defer(() => this.#started.reject(new Error("cannot change the agent: it did not start")));
    parts.defer(() => this.#queue[Symbol.dispose]?.());
    parts.use(this.#destinations);
    parts.use(this.#sessions);
    parts.defer(() => this.#engine[Symbol.asyncDispose]());
    parts.use(this.#delivery);
    parts.use(this.#link);
    parts.use(this.#local);
    parts.defer(() => this.#looking);
    await this.#local.set(this.#options.local);
    void this.#self.figures(stop); // so that the first heartbeat's processor usage has something to start from
    const stopOthers = Promise.withResolvers<void>();
    const onStop = () => stopOthers.resolve(this.#stopOthers());
    stop.addEventListener("abort", onStop, { once: true });
    if (stop.aborted) onStop();
    const linked = this.#link.run(stop);
    await this.#firstTry();
    await this.#lookedAhead();
    if (!this.#stopping) this.#engine.start();
    this.#destinations.start();
    this.#started.resolve();
    await linked;
    await stopOthers.promise;
    await this.#reportWaiting();
  }

  /**
   * Changes what `changes` names, while the agent runs: parts whose options are there are replaced, one after the other;
   * all others, queues and running sessions among them, are left alone. Where the hub's address or credentials are
   * there, a new connection is made beside the one that is up, and takes its place once it is registered; labels and
   * checks are told to the hub with the next registration. Alerts that are open stay open over a change of the checks
   * where there is a state folder. May be called at any time; changes are made one after the other. Before `run` it
   * waits for it.
   *
   * @throws ConfigError for an address that cannot be dialled or listened on, RangeError for options that a part does
   * not take; nothing has changed then. Error when the agent has stopped.
   */
  reconfigure(changes: AgentChanges): Promise<void> {
    const change = this.#changing.then(() => this.#started.promise).then(() => this.#change(changes));
    this.#changing = change.catch(() => {});
    return change;
  }

  async #change(changes: AgentChanges): Promise<void> {
    if (this.#stopping) throw new Error("cannot change the agent: it is stopping");
    const options: AgentOptions = { ...this.#options, ...changes };
    const has = (...names: (keyof AgentChanges)[]) => names.some((name) => name in changes);
    // What may be refused, first.
    const settings = linkSettings(options);
    const runners = this.#makeRunners(options);
    const host = options.host ?? this.#host;
    if (has("checks", "host")) (options.checks ?? defaultChecks)({ host, clock: this.#clock });
    if (has("local")) await this.#local.set(options.local);
    this.#options = options;
    if (has("host")) {
      this.#host = host;
      this.#self.look(host);
    }
    const wasSigned = this.#sessions.signed;
    this.#runners = runners;
    this.#sessions.reconfigure(changes, options);
    if (has("checks", "host", "labels")) await this.#replaceEngine();
    if (has("destinations")) {
      await this.#destinations.replace(options.destinations ?? []);
      this.#notifiers = this.#allNotifiers();
    }
    this.#link.change(settings, options.credentials);
    if (wasSigned !== this.#sessions.signed) this.#link.renew(); // signing is agreed on at registration
  }

  /** Alerts that are open go from the old engine to the new one by way of the disk. */
  async #replaceEngine(): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
    this.#engine = this.#makeEngine();
    this.#looking = undefined;
    await this.#lookedAhead();
    if (!this.#stopping) this.#engine.start();
  }

  /** The first looks of all checks come together: the hub is not kept waiting for them, but not for long either. */
  async #firstTry(): Promise<void> {
    const over = new AbortController();
    const patience = sleep(this.#clock, FIRST_TRY_MS, AbortSignal.any([this.#stop, over.signal]));
    await Promise.race([this.#tried.promise, patience.catch(() => {})]);
    over.abort();
  }

  /** Once for each engine. Never rejects. */
  #lookedAhead(): Promise<void> {
    return this.#looking ??= this.#lookAhead();
  }

  async #lookAhead(): Promise<void> {
    const looked = new AbortController();
    const ends = AbortSignal.any([this.#stop, looked.signal]);
    await Promise.race([
      this.#engine.lookAhead(this.#host),
      sleep(this.#clock, LOOK_AHEAD_MS, ends).catch(() => {}),
    ]);
    looked.abort();
  }

  /** What stops beside the connection: nothing new comes in, and the other destinations get what they can take. */
  async #stopOthers(): Promise<void> {
    this.#stopping = true;
    await this.#changing;
    await Promise.all([
      this.#local[Symbol.asyncDispose](),
      this.#engine[Symbol.asyncDispose](),
      this.#destinations.stop(FLUSH_MS),
    ]);
  }

  #allNotifiers(): Notifier[] {
    return [
      new ServerNotifier(this.#queue, this.#delivery),
      ...this.#destinations.notifiers,
      ...this.#options.notifiers ?? [],
    ];
  }

  #makeRunners(options: AgentOptions = this.#options): Runners {
    const { checks = defaultChecks, stateDir, host = this.#host } = options;
    const { allow, logRoots = [], secrets = [], ...tools } = options.tools ?? {};
    const { maxMs } = { ...DEFAULT_REMOTE_SETTINGS, ...options.remote };
    const clock = this.#clock;
    const policy = new ToolPolicy(allow); // a pattern that is none is told now, not in the first session
    return lazyRunners(async () =>
      (await import("../diagnose/default_runners.ts")).defaultRunners({
        host,
        clock,
        makeChecks: () => checksOf(checks({ host, clock })),
        tools,
        policy,
        logRoots,
        secrets,
        stateDir,
        // Over before the session's own time is, so that there is a report of what was seen.
        totalDeadlineMs: Math.max(1000, Math.min(60_000, maxMs - 5000)),
      })
    );
  }

  #makeEngine(): CheckEngine {
    const { stateDir, checks = defaultChecks } = this.#options;
    const clock = this.#clock;
    const host = this.#host;
    const path = stateDir === undefined ? undefined : join(stateDir, "engine.db");
    const store = new EngineStore({ path, clock });
    const memories = new CheckMemories(store);
    return new CheckEngine({
      checks: checks({ host, clock, memoryOf: (plugin) => memories.of(plugin) }),
      clock,
      random: this.#random,
      labels: this.#labels,
      emit: (event) => this.notify(event),
      durable: () => this.#durable(),
      store,
      memories,
    });
  }

  /** What every event of the agent's own checks, and every one that is taken in, carries. */
  get #labels(): Readonly<Record<string, string>> {
    return { ...this.#options.labels, from_agent: this.#options.agentId };
  }

  #portDestinations(): PortDestination[] {
    return [
      { name: "server", queue: this.#queue, figures: () => this.#delivery.figures },
      ...this.#destinations.all.map(({ name, queue, destination }) => ({
        name,
        queue,
        figures: () => destination,
      })),
    ];
  }

  async #reportWaiting(): Promise<void> {
    for (const queue of this.#queues()) {
      if (queue.length === 0) continue;
      if (await queue.durable()) this.#logger.info("alerts.kept_for_next_start", { events: queue.length });
      else this.#logger.warn("alerts.undelivered_at_stop", { events: queue.length });
    }
  }

  #queues(): OwnedQueue[] {
    return [this.#queue, ...this.#destinations.all.map(({ queue }) => queue)];
  }

  /** Whether every event that was handed on so far would survive a `kill -9`. */
  async #durable(): Promise<boolean> {
    const each = await Promise.all(this.#queues().map((queue) => queue.durable()));
    return each.every((one) => one);
  }

  #openQueue(name: string, onRecovered: () => void): OwnedQueue {
    return openQueue({ ...this.#queueOptions, name, clock: this.#clock, onRecovered });
  }

  get #queueOptions(): Pick<OpenQueueOptions, "stateDir" | "bounds" | "memoryEvents"> {
    const { stateDir, queue, alertBufferSize } = this.#options;
    return { stateDir, memoryEvents: alertBufferSize, ...(queue && { bounds: queue }) };
  }
}

/** How long the other destinations have when the agent stops, in milliseconds. */
const FLUSH_MS = 5000;

/** How long the checks wait for the outcome of the first try to connect, in milliseconds. */
const FIRST_TRY_MS = 1000;

/** How long registering waits for what can be known of the host beforehand, in milliseconds. */
const LOOK_AHEAD_MS = 200;

function defaultChecks(source: CheckSource): ScheduledCheck[] {
  return makeChecks(checkEntries(defaultSettings().check), { definitionOf: defaultDefinition, source });
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
