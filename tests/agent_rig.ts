import { Agent, type AgentOptions, type AlertEvent, type ConnectionEvent } from "../lib/agent.ts";
import { FixtureFacts } from "../lib/host/fixture.ts";
import { numbered } from "./alerts/delivery_rig.ts";
import { FakeClock } from "./fakes/fake_clock.ts";
import { type FakeConnection, FakeHub, type Script } from "./fakes/fake_hub.ts";
import { until } from "./fakes/until.ts";

export const AGENT_ID = "0b8e7c1a-1f5e-4e43-9a55-6d1c2f7f9a10";

/** A host that is always the same. */
export function recordedHost(): FixtureFacts {
  return new FixtureFacts({
    hostname: "recorded",
    ip: "10.1.2.3",
    cpuTimes: [{ busyMs: 100, totalMs: 1000, processors: 2 }, { busyMs: 2100, totalMs: 5000, processors: 2 }],
    memory: { totalBytes: 1000, availableBytes: 250, swapTotalBytes: 0, swapFreeBytes: 0 },
    loadAverages: [0.5, 0.4, 0.3],
    fileSystems: {},
  });
}

/** An agent without checks, and a hub. Disposing of it stops the agent, turning its clock if that is a fake one. */
export class AgentRig implements AsyncDisposable {
  readonly hub: FakeHub;
  readonly agent: Agent;
  readonly events: ConnectionEvent[] = [];
  readonly stop = new AbortController();
  readonly #clock: FakeClock | undefined;
  #running: Promise<void> | undefined;

  private constructor(hub: FakeHub, options: Partial<AgentOptions>) {
    this.hub = hub;
    this.#clock = options.clock instanceof FakeClock ? options.clock : undefined;
    this.agent = new Agent({
      address: hub.address,
      agentId: AGENT_ID,
      checks: () => [],
      host: recordedHost(),
      onEvent: (event) => this.events.push(event),
      random: () => 0.5,
      ...options,
      timings: { closeMs: 500, ...options.timings },
    });
  }

  static async make(script: Script = {}, options: Partial<AgentOptions> = {}): Promise<AgentRig> {
    return new AgentRig(await FakeHub.start(script), options);
  }

  /** The agent's clock, where it is a fake one. */
  get clock(): FakeClock {
    if (this.#clock === undefined) throw new Error("the clock is the platform's");
    return this.#clock;
  }

  /** Makes both and runs the agent. */
  static async start(script: Script = {}, options: Partial<AgentOptions> = {}): Promise<AgentRig> {
    const rig = await AgentRig.make(script, options);
    rig.run();
    return rig;
  }

  run(): Promise<void> {
    this.#running = this.agent.run(this.stop.signal);
    return this.#running;
  }

  /** Waits until the agent counts itself registered for the `times`-th time. */
  async registered(times = 1): Promise<FakeConnection> {
    await this.until(
      "it is registered",
      () => this.events.filter(({ type }) => type === "registered").length >= times,
    );
    const connection = this.hub.connections.at(-1);
    if (connection === undefined) throw new Error("registered without a connection");
    return connection;
  }

  /** Waits for a condition, turning the fake clock meanwhile. */
  until(what: string, condition: () => boolean, stepMs = 100): Promise<boolean> {
    return until(what, async () => {
      if (condition()) return true;
      await this.#clock?.tick(stepMs);
      return condition();
    }, 60_000);
  }

  /** Raises `count` alerts, numbered from `from`. */
  notify(from: number, count: number): void {
    for (let number = from; number < from + count; number++) {
      this.agent.notify(numbered(number) as AlertEvent);
    }
  }

  /** Stops the agent and waits until it has. */
  async stopped(): Promise<void> {
    this.stop.abort();
    let over = false;
    this.#running?.finally(() => over = true);
    await this.until("it stopped", () => over || this.#running === undefined, 50);
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stopped();
    } finally {
      await this.hub[Symbol.asyncDispose]();
    }
  }
}
