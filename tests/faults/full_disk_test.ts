import assert from "node:assert/strict";
import { FakeHub } from "../fakes/fake_hub.ts";
import { SeededRandom } from "../fakes/seeded_random.ts";
import { until } from "../fakes/until.ts";
import { droppedOf } from "./accounting.ts";
import { AgentProcess } from "./agent_process.ts";
import { HubRecord } from "./hub_record.ts";
import { Producer } from "./producer.ts";
import { type Fate, SentEvents } from "./sent_events.ts";
import { SmallDisk } from "./small_disk.ts";

const unavailable = SmallDisk.unavailable();
const ignore = unavailable !== undefined;
const why = ignore ? ` (skipped: there can be no small disk here: ${unavailable})` : "";

/** Enough for everything that the tests send: nothing is to be dropped. */
const MEMORY_EVENTS = 10_000;

/** An agent on a disk of 2 MiB, and a hub that takes nothing until it is opened. */
class Stage implements AsyncDisposable {
  readonly disk = SmallDisk.mount(2);
  readonly sent = new SentEvents();
  readonly record = new HubRecord();
  readonly #producer = new Producer(new SeededRandom(1), ["a", "b", "c"], this.sent);
  #hub: FakeHub | undefined;
  #agent: AgentProcess | undefined;
  #lives = 0;
  #isOpen = false;

  get agent(): AgentProcess {
    assert.ok(this.#agent, "the agent was started");
    return this.#agent;
  }

  async startAgent(): Promise<void> {
    this.#hub ??= await FakeHub.start(() => ({
      ...!this.#isOpen && { refuse: { status: 503 } },
      capabilities: ["alert_ack"],
      onMessage: (message, connection) => {
        if (message.type === "alert_events") this.record.take(connection, message, true);
      },
    }));
    const stateDir = this.disk.at("state");
    this.#agent = await AgentProcess.start({
      address: this.#hub.address,
      stateDir,
      token: `life ${this.#lives++}`,
      memoryEvents: MEMORY_EVENTS,
    });
  }

  /** What becomes of so many requests of `count` events. */
  async post(requests: number, count: number): Promise<Set<Fate>> {
    const fates = new Set<Fate>();
    for (let request = 0; request < requests; request++) {
      fates.add(await this.#producer.post(this.agent, count));
    }
    return fates;
  }

  /** What status and metrics say, which must be the same. */
  async isDegraded(): Promise<boolean> {
    for (;;) {
      const { degraded } = await this.agent.server();
      const metric = await this.agent.metric('pawl_queue_degraded{destination="server"}');
      if ((await this.agent.server()).degraded !== degraded) continue; // it changed in between
      assert.equal(metric, degraded === undefined ? 0 : 1);
      if (degraded !== undefined) assert.match(degraded, /^cannot (write|open) .*server\.db: /);
      return degraded !== undefined;
    }
  }

  /** The hub takes what comes; waits until that is all. */
  async open(): Promise<void> {
    this.#isOpen = true;
    await until("nothing waits any more", async () => (await this.agent.server()).waiting === 0, 60_000);
  }

  /** Every event arrived that was not refused, also those of which nobody was sure. */
  async reckon(): Promise<void> {
    const figures = await this.agent.server();
    assert.equal(droppedOf(figures), 0);
    const { accepted, maybe, refused } = this.sent.counts;
    assert.deepEqual(this.record.faults(this.sent, figures), []);
    assert.deepEqual([this.record.storedEvents, figures.settled, refused], [
      accepted + maybe,
      accepted + maybe,
      0,
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.[Symbol.asyncDispose]();
    await this.#hub?.[Symbol.asyncDispose]();
    await this.disk[Symbol.asyncDispose]();
  }
}

Deno.test({
  name: `a disk that fills up blocks nobody, shows, and loses nothing when it has room again${why}`,
  ignore,
  async fn() {
    await using stage = new Stage();
    await stage.startAgent();
    assert.deepEqual(await stage.post(5, 20), new Set(["accepted"]));
    assert.equal(await stage.isDegraded(), false);

    stage.disk.fill();
    // A little still fits into what the files have already.
    await until("it is degraded", async () => {
      await stage.post(1, 20);
      return await stage.isDegraded();
    });
    assert.deepEqual(await stage.post(20, 20), new Set(["maybe"]));

    stage.disk.free();
    await until("the disk is used again", async () => !await stage.isDegraded(), 60_000);
    assert.deepEqual(await stage.post(5, 20), new Set(["accepted"]));

    // All is on disk by now, also what was in memory alone.
    await stage.agent.kill();
    await stage.startAgent();
    await stage.open();
    await stage.reckon();
  },
});

Deno.test({
  name: `an agent that starts on a full disk takes events into memory, and to disk once there is room${why}`,
  ignore,
  async fn() {
    await using stage = new Stage();
    await stage.startAgent(); // its first start makes the folder
    await stage.agent.terminate();
    await Deno.remove(stage.disk.at("state/queue"), { recursive: true });
    stage.disk.fill();
    await stage.startAgent();
    assert.equal(await stage.isDegraded(), true);
    assert.deepEqual(await stage.post(10, 20), new Set(["maybe"]));

    stage.disk.free();
    await until("the disk is used", async () => !await stage.isDegraded(), 60_000);
    assert.deepEqual(await stage.post(5, 20), new Set(["accepted"]));
    await stage.agent.kill();
    await stage.startAgent();
    await stage.open();
    await stage.reckon();
  },
});

Deno.test({
  name: `a hub that listens gets what a full disk does not take${why}`,
  ignore,
  async fn() {
    await using stage = new Stage();
    await stage.startAgent();
    await stage.post(5, 20);
    stage.disk.fill();
    await until("it is degraded", async () => {
      await stage.post(1, 20);
      return await stage.isDegraded();
    });
    await stage.post(20, 20);
    await stage.open();
    await stage.post(20, 20);
    await stage.open();
    await stage.reckon();
  },
});
