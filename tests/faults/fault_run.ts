import { type Behaviour, type FakeConnection, FakeHub } from "../fakes/fake_hub.ts";
import { FaultProxy } from "../fakes/fault_proxy.ts";
import { SeededRandom } from "../fakes/seeded_random.ts";
import { until } from "../fakes/until.ts";
import type { MessageToHub } from "../../lib/protocol/mod.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { Accounting, droppedOf, type Figures } from "./accounting.ts";
import { AgentLives } from "./agent_lives.ts";
import type { FaultSchedule, Incident, PlannedRequest } from "./fault_schedule.ts";
import { HubRecord } from "./hub_record.ts";
import { Producer } from "./producer.ts";
import { SentEvents } from "./sent_events.ts";

/** A schedule that has not come to its end by then never will. */
const DEADLINE_MS = 60_000;

/** A batch that is refused this often is accepted then: the agent gives up after five times. */
const MAX_REFUSALS = 2;

/** How often the hub pings: what it says else may be nothing at all. */
const PING_MS = 100;

/** What a schedule came to. */
export interface RunSummary {
  readonly accepted: number;
  readonly maybe: number;
  readonly refused: number;
  readonly dropped: number;
  readonly messages: number;
  readonly connections: number;
  readonly kills: number;
  readonly stops: number;
  /** In words; empty if all is well. */
  readonly faults: readonly string[];
  /** The end of the agent's log. */
  readonly log: string;
}

/** Plays a schedule to its end: faults, then calm, then the reckoning. Use it once. */
export class FaultRun {
  readonly #schedule: FaultSchedule;
  readonly #sent = new SentEvents();
  readonly #record = new HubRecord();
  readonly #accounting = new Accounting();
  readonly #refusals = new Map<string, number>();
  readonly #over = new AbortController();
  #requests = 0;
  #calm = false;
  #watching = true;
  /** What it is doing, for whoever asks why it takes so long. */
  #phase = "starting";

  constructor(schedule: FaultSchedule) {
    this.#schedule = schedule;
  }

  /** @throws Error if something got stuck, or the agent did what has no name. */
  async play(): Promise<RunSummary> {
    await using folder = new TempFolder();
    await using hub = await FakeHub.start((index) => this.#behaviour(index));
    await using proxy = await FaultProxy.start(
      hub.port,
      (index) => this.#calm ? {} : this.#schedule.fault(index),
    );
    const { maxEvents } = this.#schedule;
    await using lives = new AgentLives({
      address: proxy.address,
      stateDir: folder.at("state"),
      ...(maxEvents !== undefined && { queue: { maxEvents } }),
    });
    const pings = setInterval(() => ping(hub.connections), PING_MS);
    const deadline = setTimeout(() => {
      this.#over.abort(new Error(`the schedule did not end within ${DEADLINE_MS} ms; it was ${this.#phase}`));
      void lives[Symbol.asyncDispose]();
    }, DEADLINE_MS);
    try {
      await this.#play(hub, proxy, lives);
      const figures = await (await lives.current).server();
      return this.#summary(figures, proxy, lives);
    } catch (error) {
      throw new Error(`${this.#over.signal.aborted ? this.#over.signal.reason : error}\n${lives.log}`, {
        cause: error,
      });
    } finally {
      clearTimeout(deadline);
      clearInterval(pings);
      this.#over.abort(new Error("the run is over"));
    }
  }

  async #play(hub: FakeHub, proxy: FaultProxy, lives: AgentLives): Promise<void> {
    await lives.current;
    this.#phase = "making trouble";
    const watching = this.#watch(lives);
    const random = new SeededRandom(this.#schedule.seed);
    const producing = this.#schedule.producers.map((requests, index) => {
      const keys = Array.from({ length: 10 }, (_, key) => `p${index}k${key}`);
      return this.#produce(new Producer(random.fork(`texts ${index}`), keys, this.#sent), requests, lives);
    });
    const all = Promise.all([...producing, this.#disturb(hub, proxy, lives)]);
    await Promise.race([all, watching]); // which ends by itself only by a fault
    this.#phase = "waiting until all has arrived";
    this.#calm = true;
    proxy.resetAll(); // what was withheld is sent again on a connection that is sound
    await until("nothing waits any more", async () => {
      this.#over.signal.throwIfAborted();
      const { waiting } = await (await lives.current).server();
      return waiting === 0;
    }, DEADLINE_MS);
    this.#phase = "reckoning";
    this.#watching = false;
    await watching;
    this.#accounting.note(await lives.current, await (await lives.current).server());
  }

  /** Looks at the agent's figures as often as it can. */
  async #watch(lives: AgentLives): Promise<void> {
    while (this.#watching) {
      this.#over.signal.throwIfAborted();
      const agent = await lives.current;
      try {
        this.#accounting.note(agent, await agent.server());
      } catch (error) {
        if (!agent.toldToEnd) throw error;
      }
      await this.#pause(5);
    }
  }

  async #produce(producer: Producer, requests: readonly PlannedRequest[], lives: AgentLives): Promise<void> {
    for (const { events, pauseMs } of requests) {
      await this.#pause(pauseMs);
      const agent = await lives.current;
      const kept = this.#accounting.promise(agent);
      this.#requests++;
      if (await producer.post(agent, events) === "accepted") kept();
    }
  }

  async #disturb(hub: FakeHub, proxy: FaultProxy, lives: AgentLives): Promise<void> {
    for (const incident of this.#schedule.incidents) {
      await until("the next incident is due", () => {
        this.#over.signal.throwIfAborted();
        return this.#requests >= incident.afterRequests;
      }, DEADLINE_MS);
      await this.#pause(incident.delayMs);
      await this.#happen(incident, hub, proxy, lives);
    }
  }

  async #happen({ what, killedStartsMs }: Incident, hub: FakeHub, proxy: FaultProxy, lives: AgentLives) {
    switch (what) {
      case "reset":
        return proxy.resetAll();
      case "disconnect":
        hub.connections.at(-1)?.send({
          type: "disconnect",
          payload: { reason: "moving", retry_after_sec: 0 },
        });
        return;
      default:
        await lives.restart(what, killedStartsMs);
    }
  }

  #behaviour(index: number): Behaviour {
    const { capabilities } = this.#schedule;
    return {
      ...!this.#calm && this.#schedule.welcome(index),
      capabilities,
      onMessage: (message, connection) => {
        if (!connection.agreed.has("alert_ack")) this.#take(message, connection, true);
      },
      verdict: (message, connection) => this.#judge(message, connection),
    };
  }

  #take(message: MessageToHub, connection: FakeConnection, stored: boolean): void {
    if (message.type === "alert_events") this.#record.take(connection, message, stored);
  }

  #judge(message: MessageToHub, connection: FakeConnection): ReturnType<NonNullable<Behaviour["verdict"]>> {
    if (message.type !== "alert_events") return "ack";
    const verdict = this.#calm ? "ack" : this.#schedule.verdict();
    const refusals = this.#refusals.get(message.id) ?? 0;
    if (verdict !== "refuse" || refusals === MAX_REFUSALS) {
      this.#take(message, connection, true);
      return verdict === "refuse" ? "ack" : verdict;
    }
    this.#refusals.set(message.id, refusals + 1);
    this.#take(message, connection, false);
    return { refuse: "the store is busy" };
  }

  #pause(delayMs: number): Promise<void> {
    this.#over.signal.throwIfAborted();
    return new Promise((resolve) => setTimeout(resolve, delayMs));
  }

  #summary(figures: Figures, proxy: FaultProxy, lives: AgentLives): RunSummary {
    const { kills, stops, log } = lives;
    const { connections } = proxy;
    const { messages } = this.#record;
    const faults = [...this.#accounting.faults, ...this.#record.faults(this.#sent, figures)];
    const dropped = droppedOf(figures);
    return { ...this.#sent.counts, dropped, messages, connections, kills, stops, faults, log };
  }
}

function ping(connections: readonly FakeConnection[]): void {
  for (const connection of connections) connection.send({ type: "ping" });
}
