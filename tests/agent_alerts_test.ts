import assert from "node:assert/strict";
import { setUpLogging } from "../lib/log.ts";
import { range } from "./alerts/delivery_rig.ts";
import { AgentRig } from "./agent_rig.ts";
import { FakeClock } from "./fakes/fake_clock.ts";
import { until } from "./fakes/until.ts";
import { alertNumbers } from "./link/connection_rig.ts";

Deno.test("alerts raised before there is a hub arrive when there is one", async () => {
  const clock = new FakeClock();
  await using rig = await AgentRig.make((index) => index < 2 ? { refuse: { status: 503 } } : {}, { clock });
  rig.notify(0, 100);
  rig.run();
  await rig.until("a dial failed", () => rig.events.some(({ type }) => type === "waiting"));
  rig.notify(100, 100);
  const connection = await rig.registered();
  await rig.until("all came", () => alertNumbers(connection).length === 200);
  assert.deepEqual(alertNumbers(connection), range(0, 200));
});

Deno.test("of what is raised while there is no hub, the newest 1000 are kept", async () => {
  await using rig = await AgentRig.make();
  rig.notify(0, 3000);
  rig.run();
  const connection = await rig.registered();
  await until("they came", () => alertNumbers(connection).length === 1000);
  assert.deepEqual(alertNumbers(connection), range(2000, 3000));
});

for (const capabilities of [["alert_ack"], []]) {
  const how = capabilities.length > 0 ? "with acks" : "without acks";
  Deno.test(`20,000 events reach a hub that cuts every 5,000, ${how}`, async () => {
    const clock = new FakeClock();
    const seen = new Set<number>();
    const texts = (text: string) => {
      for (const [, number] of text.matchAll(/"n":"(\d+)"/g)) seen.add(Number(number));
    };
    // register and a heartbeat, then 50 batches of 100.
    const cutAfter = { messages: 52, how: "reset" as const };
    const lines: string[] = [];
    await using _log = setUpLogging({ level: "warning", format: "json", write: (line) => lines.push(line) });
    await using rig = await AgentRig.start(
      { capabilities, cutAfter, decode: "count", onText: texts },
      { clock, alertBufferSize: 20_000 },
    );
    await rig.registered();
    rig.notify(0, 20_000);
    await rig.until("all came", () => seen.size === 20_000, 1000);
    const connections = rig.hub.connections.length;
    assert.ok(connections >= 4, `${connections} connections`);
    assert.ok(connections <= 14, `${connections} connections: it did not get on`);

    // Everything has come, but not all of it need be settled: what the hub cut off last comes again.
    const ends = () => rig.events.filter(({ type }) => type === "ended").length;
    for (let before = -1; before !== ends() || rig.events.at(-1)?.type === "waiting";) {
      before = ends();
      await clock.tick(4000);
    }
    await rig.stopped();
    const undelivered = lines.filter((line) => line.includes("alerts.undelivered_at_stop"));
    assert.deepEqual(undelivered, [], "the queue is empty in the end");
    assert.ok(lines.some((line) => line.includes("link.lost")), "the log was really read");
    assert.deepEqual([...seen].sort((a, b) => a - b), range(0, 20_000));
  });
}

Deno.test("a hub that falls silent: what waits is bounded, the newest are kept, the rest is counted", async () => {
  const clock = new FakeClock();
  await using rig = await AgentRig.start(
    (index) =>
      index === 0
        ? { capabilities: ["alert_ack"], verdict: () => "withhold" }
        : { capabilities: ["alert_ack"] },
    { clock },
  );
  const first = await rig.registered();
  for (let from = 0; from < 100_000; from += 10_000) {
    rig.notify(from, 10_000);
    await clock.tick(10);
  }
  assert.equal(first.receivedOf("alert_events").length, 8, "no more than the window is on its way");
  first.cut("reset");
  const second = await rig.registered(2);
  await rig.until("all came that was left", () => alertNumbers(second).at(-1) === 99_999);
  const numbers = alertNumbers(second);
  // The 8 batches under way, then the newest 1000.
  assert.equal(numbers.length, 1800);
  assert.deepEqual(numbers.slice(0, 800), alertNumbers(first));
  assert.deepEqual(numbers.slice(800), range(99_000, 100_000));
});
