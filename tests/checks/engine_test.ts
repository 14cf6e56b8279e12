import assert from "node:assert/strict";
import { type AlertEvent, alertKey } from "../../lib/alerts/event.ts";
import { CheckEngine, type CheckEngineOptions } from "../../lib/checks/engine.ts";
import type { Pace } from "../../lib/checks/pace.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { type Act, finding, ScriptedCheck } from "./scripted_check.ts";

interface EngineOptions extends Partial<CheckEngineOptions> {
  pace?: Partial<Pace>;
}

function engineOf(check: ScriptedCheck, { pace, ...options }: EngineOptions = {}) {
  const clock = new FakeClock();
  const events: AlertEvent[] = [];
  const engine = new CheckEngine({
    checks: [{ check, pace: { intervalMs: 1000, ...pace } }],
    clock,
    random: () => 0,
    emit: (event) => void events.push(event),
    ...options,
  });
  return { engine, clock, events };
}

/** Lets a check play its acts, one a second, and returns the statuses of the events. */
async function play(...acts: Act[]): Promise<string[]> {
  const { engine, clock, events } = engineOf(new ScriptedCheck(acts));
  await using _ = engine;
  engine.start();
  await clock.tick(1000 * (acts.length - 1));
  return events.map((event) => `${event.labels.check} ${event.event_status}`);
}

Deno.test("an event goes out when the status changes, and only then", async () => {
  assert.deepEqual(await play("Ok", "Ok"), []);
  assert.deepEqual(
    await play("Ok", "Warning", "Warning", "Critical", "Critical", "Warning", "Ok", "Ok", "Critical"),
    ["Warning", "Critical", "Warning", "Ok", "Critical"].map((status) => `fake::level ${status}`),
  );
});

Deno.test("a check that throws is critical until it works again", async () => {
  const boom = new Error("boom");
  assert.deepEqual(await play(boom, boom, "Ok", "Ok"), ["fake::gather Critical", "fake::gather Ok"]);
});

Deno.test("a failing check leaves the problem it reported before open", async () => {
  assert.deepEqual(await play("Warning", new Error("boom"), "Warning", "Ok"), [
    "fake::level Warning",
    "fake::gather Critical",
    "fake::gather Ok",
    "fake::level Ok",
  ]);
});

Deno.test("a check that hangs is critical at its deadline, is not asked meanwhile, and recovers", async () => {
  const hung = Promise.withResolvers<ReturnType<typeof finding>[]>();
  const check = new ScriptedCheck([() => hung.promise, "Ok"]);
  const { engine, clock, events } = engineOf(check, { pace: { timeoutMs: 400 } });
  await using _ = engine;
  engine.start();
  await clock.tick(399);
  assert.equal(events.length, 0);
  await clock.tick(1);
  assert.deepEqual(events.map((event) => event.description), [
    "check fake of thing failed: no result after 400 ms",
  ]);
  await clock.tick(5000);
  assert.equal(check.gathers, 1);
  hung.resolve([finding("Critical")]); // what comes that late is not believed
  await clock.tick(1000);
  assert.equal(check.gathers, 2);
  assert.deepEqual(events.map((event) => `${event.labels.check} ${event.event_status}`), [
    "fake::gather Critical",
    "fake::gather Ok",
  ]);
  assert.equal(engine.activeAlerts, 0);
});

Deno.test("the deadline is told to the check through its signal", async () => {
  let told: unknown;
  const check = new ScriptedCheck([
    (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          told = signal.reason;
          reject(signal.reason);
        })
      ),
  ]);
  const { engine, clock } = engineOf(check, { pace: { timeoutMs: 400 } });
  await using _ = engine;
  engine.start();
  await clock.tick(400);
  assert(told instanceof DOMException && told.name === "TimeoutError");
  await clock.tick(1000);
  assert.equal(check.gathers, 2);
});

Deno.test("a fact that is unavailable raises no alert and takes the check off the list while it lasts", async () => {
  const refused = new FactUnavailableError("cannot read it: not permitted");
  const check = new ScriptedCheck(["Ok", refused, refused, "Ok"]);
  const { engine, clock, events } = engineOf(check);
  await using _ = engine;
  engine.start();
  await clock.tick(0);
  assert.deepEqual(engine.plugins(), ["fake"]);
  await clock.tick(1000);
  assert.deepEqual(engine.plugins(), []);
  assert.deepEqual(engine.latest(), []);
  await clock.tick(2000);
  assert.deepEqual(engine.plugins(), ["fake"]);
  assert.deepEqual(events, []);
});

Deno.test("a failure that turns out to be a missing permission is over", async () => {
  assert.deepEqual(await play(new Error("boom"), new FactUnavailableError("no"), "Ok"), [
    "fake::gather Critical",
    "fake::gather Ok",
  ]);
});

Deno.test("an event carries the finding, the time and both kinds of labels, of which the finding's win", async () => {
  const { engine, clock, events } = engineOf(new ScriptedCheck(["Warning"]), {
    labels: { region: "north", target: "not this one" },
  });
  await using _ = engine;
  engine.start();
  await clock.tick(0);
  const labels = { region: "north", check: "fake::level", target: "thing" };
  assert.deepEqual(events, [{
    event_time: Math.floor(clock.wallMs() / 1000),
    event_status: "Warning",
    alert_key: alertKey(labels),
    labels,
    attrs: { current_value: "1", threshold_desc: "none" },
    description: "level is Warning",
  }]);
});

Deno.test("latest tells what was found last, alerts are counted while they last", async () => {
  const { engine, clock } = engineOf(new ScriptedCheck(["Warning", new Error("boom"), "Ok"]));
  await using _ = engine;
  engine.start();
  await clock.tick(0);
  assert.deepEqual(engine.latest(), [finding("Warning")]);
  assert.equal(engine.activeAlerts, 1);
  await clock.tick(1000);
  assert.deepEqual(engine.latest().map(({ labels }) => labels.check), ["fake::gather"]);
  assert.equal(engine.activeAlerts, 2);
  await clock.tick(1000);
  assert.deepEqual(engine.latest(), [finding("Ok")]);
  assert.equal(engine.activeAlerts, 0);
});

Deno.test("a taker of events that throws gets the same event again, and the checks go on", async () => {
  const taken: AlertEvent[] = [];
  let broken = true;
  const { engine, clock } = engineOf(new ScriptedCheck(["Critical"]), {
    emit(event) {
      if (broken) throw new Error("taker is broken");
      taken.push(event);
    },
  });
  await using _ = engine;
  engine.start();
  await clock.tick(0);
  assert.equal(engine.activeAlerts, 0);
  broken = false;
  await clock.tick(3000);
  assert.deepEqual(taken.map((event) => event.event_status), ["Critical"]);
});

Deno.test("plugins are named once, and targets are kept apart", async () => {
  const clock = new FakeClock();
  const events: AlertEvent[] = [];
  const checks = [
    new ScriptedCheck(["Critical"], "disk", "/a"),
    new ScriptedCheck([new FactUnavailableError("no")], "disk", "/b"),
    new ScriptedCheck(["Warning"], "mem"),
  ].map((check) => ({ check, pace: { intervalMs: 1000 } }));
  await using engine = new CheckEngine({
    checks,
    clock,
    random: Math.random,
    emit: (event) => events.push(event),
  });
  engine.start();
  await clock.tick(1000);
  assert.deepEqual(engine.plugins(), ["disk", "mem"]);
  assert.deepEqual(events.map((event) => event.labels.target).sort(), ["/a", "thing"]);
});

Deno.test("settings out of range are refused by name", () => {
  const options = { checks: [], clock: new FakeClock(), random: () => 0, emit: () => {} };
  const refused: [Partial<Pace>, RegExp][] = [
    [{ intervalMs: 0 }, /intervalMs must be a number of at least 1, it is 0/],
    [{ timeoutMs: -1 }, /timeoutMs/],
    [{ forMs: Number.NaN }, /forMs/],
    [{ repeatIntervalMs: Infinity }, /repeatIntervalMs/],
    [{ repeatCount: -1 }, /repeatCount/],
    [{ holdMs: -1 }, /holdMs/],
  ];
  for (const [pace, message] of refused) {
    const checks = [{ check: new ScriptedCheck(["Ok"]), pace }];
    assert.throws(() => new CheckEngine({ ...options, checks }), message);
  }
  assert.throws(() => new CheckEngine({ ...options, staggerMs: Number.NaN }), /staggerMs/);
});
