import assert from "node:assert/strict";
import { range } from "../alerts/delivery_rig.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { alertNumbers, ConnectionRig } from "./connection_rig.ts";

Deno.test("alerts raised before the connection go out on it, those raised during it at once", async () => {
  await using rig = await ConnectionRig.start();
  rig.push(3);
  const connection = await rig.registered();
  await connection.next("alert_events");
  rig.push(1);
  const { payload } = await connection.next("alert_events");
  assert.equal(payload.events.length, 1);
  assert.deepEqual(alertNumbers(connection), range(0, 4));
});

Deno.test("no alert goes out before the registration is acked", async () => {
  await using rig = await ConnectionRig.start({ stall: "register" });
  rig.push(3);
  const connection = await rig.dialled();
  const register = await connection.next("register");
  rig.push(3);
  connection.ackRegister(register);
  await connection.next("alert_events");
  assert.equal(rig.queue.waiting, 0);
});

for (const capabilities of [["alert_ack"], []]) {
  const how = capabilities.length > 0 ? "with acks" : "without acks";
  Deno.test(`${how}: what a lost connection had not settled comes again, same ids, in order`, async () => {
    await using rig = await ConnectionRig.start((index) => ({
      capabilities,
      ...(index === 0 && { verdict: () => "withhold" as const }),
    }));
    rig.push(250);
    const first = await rig.registered();
    await until("all came", () => alertNumbers(first).length === 250);
    first.cut("reset");
    await rig.life;
    rig.push(10);
    const second = await rig.registered();
    await until("all came", () => alertNumbers(second).length === 260);
    assert.deepEqual(alertNumbers(second), range(0, 260));
    const ids = first.receivedOf("alert_events").map(({ id }) => id);
    assert.deepEqual(second.receivedOf("alert_events").slice(0, ids.length).map(({ id }) => id), ids);
    rig.stop.abort();
    await rig.life;
    assert.equal(rig.queue.length, 0);
  });
}

Deno.test("without acks, what has stood for 2 s is not sent again", async () => {
  const clock = new FakeClock();
  await using rig = await ConnectionRig.start({}, { clock });
  rig.push(120);
  const first = await rig.registered();
  await until("it came and was seen to be written", async () => {
    await clock.tick(1);
    return alertNumbers(first).length === 120 && rig.delivery.flushed;
  });
  await clock.tick(2000);
  assert.equal(rig.queue.length, 0);
  rig.push(5);
  await until("it came", () => alertNumbers(first).length === 125);
  first.cut("reset");
  await rig.life;
  const second = await rig.registered();
  await second.next("alert_events");
  assert.deepEqual(alertNumbers(second), range(120, 125));
});

Deno.test("acks settle batches, double and foreign ones do no harm", async () => {
  await using rig = await ConnectionRig.start({ capabilities: ["alert_ack"], verdict: () => "duplicate" });
  const connection = await rig.registered();
  connection.ack(crypto.randomUUID());
  rig.push(1000);
  await until("all are settled", () => rig.queue.length === 0);
  assert.deepEqual(rig.delivery.figures, { batches: 10, delivered: 1000, rejected: 0, resent: 0 });
  assert.deepEqual(alertNumbers(connection), range(0, 1000));
});

Deno.test("a hub that acks nothing is sent 8 batches and no more", async () => {
  await using rig = await ConnectionRig.start({ capabilities: ["alert_ack"], verdict: () => "withhold" });
  const connection = await rig.registered();
  rig.push(5000);
  await until("8 came", () => connection.receivedOf("alert_events").length === 8);
  connection.send({ type: "session_start", payload: { session_id: "s" } });
  await connection.next("ack");
  assert.equal(connection.receivedOf("alert_events").length, 8);
});

Deno.test("a refused batch is tried again after its wait, with the same id", async () => {
  const clock = new FakeClock();
  let refusals = 2;
  await using rig = await ConnectionRig.start({
    capabilities: ["alert_ack"],
    verdict: () => refusals-- > 0 ? { refuse: "disk full" } : "ack",
  }, { clock });
  const connection = await rig.registered();
  rig.push(10);
  const ids = new Set<string>();
  for (const waitMs of [1250, 2500]) {
    ids.add((await connection.next("alert_events")).id);
    await until("the refusal was read", () => rig.log.events("warning").includes("alerts.batch_refused"));
    rig.log.records.length = 0;
    await clock.tick(waitMs);
  }
  ids.add((await connection.next("alert_events")).id);
  await until("it is settled", () => rig.queue.length === 0);
  assert.equal(ids.size, 1);
});

Deno.test("20,000 alerts under acks arrive each once, in order, on one connection", async () => {
  await using rig = await ConnectionRig.start({ capabilities: ["alert_ack"] });
  const connection = await rig.registered();
  rig.push(20_000);
  await until("all are settled", () => rig.queue.length === 0);
  assert.deepEqual(alertNumbers(connection), range(0, 20_000));
  assert.deepEqual(connection.violations, []);
});
