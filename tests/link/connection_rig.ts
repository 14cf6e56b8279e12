import { Delivery } from "../../lib/alerts/delivery.ts";
import type { AlertEvent } from "../../lib/alerts/event.ts";
import { RingBuffer } from "../../lib/alerts/ring_buffer.ts";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { Connection, type ConnectionTimings } from "../../lib/link/connection.ts";
import type { ConnectionLife } from "../../lib/link/connection_end.ts";
import type { ConnectionEvent } from "../../lib/link/connection_event.ts";
import type {
  AlertsPort,
  SelfPort,
  SessionOutlet,
  SessionScopePort,
  SessionsPort,
} from "../../lib/link/ports.ts";
import type { SessionStart } from "../../lib/protocol/mod.ts";
import { numbered } from "../alerts/delivery_rig.ts";
import { type FakeConnection, FakeHub, type Script } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { endpoint } from "./dialling.ts";
import { RecordingLogger } from "./recording_logger.ts";

export const AGENT_ID = "5f0c1d6e-52b4-4d0e-9a3b-3b1f6a4f2c11";

/** The sessions of one connection: records what it is told. */
export class FakeScope implements SessionScopePort {
  readonly calls: string[] = [];
  readonly starts: { messageId: string; start: SessionStart | undefined }[] = [];
  /** What `stop` does before it resolves. */
  onStop: () => Promise<void> | void = () => {};
  constructor(readonly outlet: SessionOutlet, readonly capabilities: ReadonlySet<string>) {}

  start(messageId: string, start: SessionStart | undefined): void {
    this.starts.push({ messageId, start });
    this.calls.push(`start ${start?.session_id ?? "unreadable"}`);
    this.outlet.ack(messageId, start === undefined ? "invalid payload" : undefined);
  }
  input(_messageId: string, sessionId: string, message: string): void {
    this.calls.push(`input ${sessionId} ${message}`);
  }
  cancel(sessionId: string, reason: string): void {
    this.calls.push(`cancel ${sessionId} ${reason}`);
  }
  async stop(reason: string): Promise<void> {
    this.calls.push(`stop: ${reason}`);
    await this.onStop();
  }
  close(reason: string): Promise<void> {
    this.calls.push(`close: ${reason}`);
    return Promise.resolve();
  }
}

/** Opens {@linkcode FakeScope}s. */
export class FakeSessions implements SessionsPort {
  readonly scopes: FakeScope[] = [];

  open(link: SessionOutlet, { capabilities }: { capabilities: ReadonlySet<string> }): SessionScopePort {
    const scope = new FakeScope(link, capabilities);
    this.scopes.push(scope);
    return scope;
  }

  /** The newest scope. */
  get scope(): FakeScope {
    const scope = this.scopes.at(-1);
    if (scope === undefined) throw new Error("no sessions were opened");
    return scope;
  }
}

/** What an agent tells of itself. */
export class FakeSelf implements SelfPort {
  register(): ReturnType<SelfPort["register"]> {
    return {
      hostname: "h",
      ip: "10.0.0.7",
      os: "linux",
      arch: "amd64",
      labels: { site: "north" },
      plugins: ["cpu"],
      agent_version: "0.0.0",
      uptime_sec: 3,
    };
  }
  heartbeat(): ReturnType<SelfPort["heartbeat"]> {
    return Promise.resolve({ active_sessions: 0, active_alerts: 2, cpu_pct: 12.5 });
  }
}

/** Options of {@linkcode ConnectionRig.start}. */
export interface ConnectionRigOptions {
  clock?: Clock;
  timings?: Partial<ConnectionTimings>;
  token?: string;
  self?: SelfPort;
  sessions?: SessionsPort;
  alerts?: AlertsPort;
}

/** A connection over real sockets, with fakes for the agent's other parts and a real delivery of alerts. */
export class ConnectionRig implements AsyncDisposable {
  readonly hub: FakeHub;
  readonly log = new RecordingLogger();
  readonly events: ConnectionEvent[] = [];
  readonly sessions = new FakeSessions();
  readonly queue = new RingBuffer<AlertEvent>(100_000);
  readonly delivery: Delivery;
  readonly connection: Connection;
  stop = new AbortController();
  suspended = new AbortController();
  #pushed = 0;
  #running: Promise<ConnectionLife> | undefined;

  private constructor(hub: FakeHub, options: ConnectionRigOptions) {
    const { clock = systemClock, timings = {}, token, self = new FakeSelf() } = options;
    const { sessions = this.sessions } = options;
    this.hub = hub;
    this.delivery = new Delivery({ queue: this.queue, clock, logger: this.log.logger });
    this.connection = new Connection({
      url: endpoint(hub),
      agentId: AGENT_ID,
      token,
      alerts: options.alerts ?? this.delivery,
      sessions,
      self,
      timings: { closeMs: 500, ...timings },
      clock,
      logger: this.log.logger,
      onEvent: (event) => this.events.push(event),
    });
  }

  static async start(script: Script = {}, options: ConnectionRigOptions = {}): Promise<ConnectionRig> {
    const hub = await FakeHub.start(script);
    try {
      return new ConnectionRig(hub, options);
    } catch (error) {
      await hub[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Lives one life. It can be awaited here or by {@linkcode life}. */
  run(): Promise<ConnectionLife> {
    this.#running = this.connection.runOnce({ stop: this.stop.signal, suspended: this.suspended.signal });
    return this.#running;
  }

  /** Begins a life and waits until it is dialled. */
  async dialled(): Promise<FakeConnection> {
    this.run();
    return await this.hub.nextConnection();
  }

  /** Begins a life and waits until it is registered on both sides. */
  async registered(): Promise<FakeConnection> {
    const { length } = this.events;
    const connection = await this.dialled();
    await until(
      "it is registered",
      () => this.events.slice(length).some(({ type }) => type === "registered"),
    );
    return connection;
  }

  /** The life that was begun. */
  get life(): Promise<ConnectionLife> {
    if (this.#running === undefined) throw new Error("nothing runs");
    return this.#running;
  }

  /** Pushes numbered alerts. */
  push(count: number): void {
    for (let index = 0; index < count; index++) this.queue.push(numbered(this.#pushed++));
    this.delivery.wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.suspended.abort(0); // the one end that waits for nothing, not even for a clock that stands still
    await this.hub[Symbol.asyncDispose]();
    await this.#running;
    this.delivery[Symbol.dispose]();
  }
}

/** The numbers of the alerts that came on these connections, in order, doubles and all. */
export function alertNumbers(...connections: FakeConnection[]): number[] {
  return connections.flatMap((connection) =>
    connection.receivedOf("alert_events").flatMap(({ payload }) =>
      payload.events.map((event) => Number(event.labels["n"]))
    )
  );
}
