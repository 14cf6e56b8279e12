import assert from "node:assert/strict";
import { Destination } from "../../lib/alerts/destination.ts";
import type { AlertEvent } from "../../lib/alerts/event.ts";
import { Journal } from "../../lib/alerts/journal.ts";
import { PermanentSendError, TransientSendError } from "../../lib/alerts/notifiers/sender.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { numbered, range } from "./delivery_rig.ts";
import { type Act, ScriptedSender } from "./destination_rig.ts";

/** One life of an agent, as far as one destination sees it. */
class Life implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly sender: ScriptedSender;
  readonly destination: Destination;
  readonly #queue: Journal<AlertEvent>;

  constructor(path: string, acts: Act[]) {
    this.#queue = new Journal<AlertEvent>({ path, keyOf: (event) => event.alert_key, clock: this.clock });
    this.sender = new ScriptedSender(this.clock, { acts, maxBatch: 10 });
    const [queue, sender, clock] = [this.#queue, this.sender, this.clock];
    this.destination = new Destination({ name: "durable", queue, sender, clock, random: () => 0.5 });
    this.destination.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destination[Symbol.asyncDispose]();
    this.#queue[Symbol.dispose]();
  }
}

Deno.test("a destination goes on after a restart where it stopped, and its accounting with it", async () => {
  await using folder = new TempFolder();
  const path = folder.at("queue.db");
  const busy = new TransientSendError("cannot send: it is busy");
  {
    await using life = new Life(path, ["ok", busy]);
    for (const number of range(0, 10)) life.destination.forward(numbered(number));
    await settle();
    for (const number of range(10, 15)) life.destination.forward(numbered(number));
    await settle();
    assert.deepEqual(life.sender.attempts, [range(0, 10), range(10, 15)]);
    assert.equal(life.destination.figures.settled, 10);
  }
  {
    const refusing: Act = (numbers) => numbers.includes(12) ? new PermanentSendError("bad") : undefined;
    await using life = new Life(path, Array.from({ length: 6 }, () => refusing));
    await settle();
    assert.deepEqual(life.sender.attempts, [range(10, 15), ...range(10, 15).map((number) => [number])]);
    const { accepted, settled, waiting, dropped } = life.destination.figures;
    assert.deepEqual([accepted, settled, waiting, dropped.rejected], [15, 14, 0, 1]);
  }
  await using life = new Life(path, []);
  await settle();
  assert.deepEqual(life.sender.attempts, []);
  assert.equal(life.destination.figures.accepted, 15);
});
