import assert from "node:assert/strict";
import { openQueue } from "../../lib/alerts/open_queue.ts";
import { systemClock } from "../../lib/clock.ts";
import { AgentRig } from "../agent_rig.ts";
import { range } from "../alerts/delivery_rig.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeClock } from "../fakes/fake_clock.ts";

const EVENTS = 20_000;

for (const capabilities of [["alert_ack"], []]) {
  const how = capabilities.length > 0 ? "with acks" : "without acks";
  Deno.test(`20,000 events go through the journal to a hub that cuts every 5,000, ${how}`, async () => {
    await using folder = new TempFolder();
    const clock = new FakeClock();
    const seen = new Set<number>();
    const read = (text: string) => {
      for (const [, number] of text.matchAll(/"n":"(\d+)"/g)) seen.add(Number(number));
    };
    // register and a heartbeat, then 50 batches of 100.
    const cutAfter = { messages: 52, how: "reset" as const };
    const accounting = () => {
      const queue = openQueue({ name: "server", stateDir: folder.path, clock: systemClock });
      const { figures } = queue;
      queue[Symbol.dispose]?.();
      return figures;
    };
    {
      await using rig = await AgentRig.start(
        { capabilities, cutAfter, decode: "count", onText: read },
        { clock, stateDir: folder.path },
      );
      await rig.registered();
      rig.notify(0, EVENTS);
      await rig.until("all came", () => seen.size === EVENTS, 1000);
      const connections = rig.hub.connections.length;
      assert.ok(connections >= 4 && connections <= 14, `${connections} connections`);
      // What the hub cut off last comes again, and without acks each batch has its 2 s.
      const ends = () => rig.events.filter(({ type }) => type === "ended").length;
      for (let before = -1; before !== ends() || rig.events.at(-1)?.type === "waiting";) {
        before = ends();
        await clock.tick(4000);
      }
      await rig.stopped();
    }
    assert.deepEqual([...seen].sort((a, b) => a - b), range(0, EVENTS));
    assert.deepEqual(accounting(), {
      accepted: EVENTS,
      settled: EVENTS,
      waiting: 0,
      waitingBytes: 0,
      dropped: { superseded: 0, overflow: 0, expired: 0, rejected: 0 },
    });
  });
}
