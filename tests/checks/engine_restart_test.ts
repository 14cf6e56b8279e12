import assert from "node:assert/strict";
import type { Finding } from "../../lib/checks/check.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { EngineLife, type LifeOptions } from "./engine_life.ts";
import { type Act, finding, ScriptedCheck } from "./scripted_check.ts";

/** Several lives over one file; each plays its acts, one a second, and ends orderly. */
class Lives implements AsyncDisposable {
  readonly folder = new TempFolder();
  readonly clock = new FakeClock();

  async play(acts: Act[], options: Partial<LifeOptions> = {}): Promise<string[]> {
    const checks = [new ScriptedCheck(acts)];
    const path = this.folder.at("engine.db");
    await using life = new EngineLife({ checks, clock: this.clock, path, ...options });
    await this.clock.tick(1000 * (acts.length - 1));
    return life.told;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.folder[Symbol.asyncDispose]();
  }
}

function lines(...targets: string[]): Act {
  return () =>
    Promise.resolve(
      targets.map((target): Finding => ({ ...finding("Warning", "fake", target), momentary: true })),
    );
}

Deno.test("a problem that vanished while the agent was down gets its Ok, one that did not is not told again", async () => {
  await using lives = new Lives();
  assert.deepEqual(await lives.play(["Critical"]), ["fake::level thing Critical"]);
  assert.deepEqual(await lives.play(["Critical", "Critical"]), []);
  assert.deepEqual(await lives.play([new Error("not yet"), "Ok", "Ok"]), [
    "fake::gather thing Critical",
    "fake::level thing Ok",
    "fake::gather thing Ok",
  ]);
  assert.deepEqual(await lives.play(["Ok"]), []);
});

Deno.test("a check that failed before the restart and works after it recovers", async () => {
  await using lives = new Lives();
  assert.deepEqual(await lives.play([new Error("boom")]), ["fake::gather thing Critical"]);
  assert.deepEqual(await lives.play(["Ok", "Ok"]), ["fake::gather thing Ok"]);
});

Deno.test("a severity that changed while the agent was down is told", async () => {
  await using lives = new Lives();
  await lives.play(["Warning"]);
  assert.deepEqual(await lives.play(["Critical"], { pace: { repeatCount: 0, forMs: 60_000 } }), [
    "fake::level thing Critical",
  ]);
});

Deno.test("the clocks of `for` and of repeats run on over a restart, whatever was slept between", async () => {
  await using lives = new Lives();
  const pace = { forMs: 60_000, repeatIntervalMs: 600_000 };
  assert.deepEqual(await lives.play(["Warning"], { pace }), []);
  await lives.clock.tick(59_000);
  assert.deepEqual(await lives.play(["Warning", "Warning"], { pace }), ["fake::level thing Warning"]);
  await lives.clock.tick(598_000);
  assert.deepEqual(await lives.play(["Warning", "Warning", "Warning"], { pace }), [
    "fake::level thing Warning",
  ]);
});

Deno.test("an alert of a check that is not configured any more is over, once the others have looked", async () => {
  await using lives = new Lives();
  await lives.play(["Critical"]);
  const other = new ScriptedCheck(["Ok"], "other");
  await using life = new EngineLife({
    checks: [other],
    clock: lives.clock,
    path: lives.folder.at("engine.db"),
    random: () => 0.1,
  });
  await lives.clock.tick(99);
  assert.deepEqual(life.told, []);
  await lives.clock.tick(1);
  assert.deepEqual(life.told, ["fake::level thing Ok"]);
  assert.match(
    life.events[0]?.description ?? "",
    /^no longer watched \(no check is configured for it\); it was: level/,
  );
});

Deno.test("without any check left the alerts are over, too", async () => {
  await using lives = new Lives();
  await lives.play(["Critical"]);
  await using life = new EngineLife({ checks: [], clock: lives.clock, path: lives.folder.at("engine.db") });
  assert.deepEqual(life.told, ["fake::level thing Ok"]);
});

Deno.test("a target that disappears is over after three gathers without it, under the labels it had", async () => {
  await using lives = new Lives();
  await lives.play(["Critical"], { labels: { site: "north" } });
  const clock = lives.clock;
  const nothing = () => Promise.resolve([]);
  const check = new ScriptedCheck([new Error("does not count"), nothing]);
  const path = lives.folder.at("engine.db");
  await using life = new EngineLife({ checks: [check], clock, path, labels: { site: "south" } });
  await clock.tick(2000);
  assert.equal(life.engine.activeAlerts, 1);
  await clock.tick(1000);
  const end = life.events.find(({ labels }) => labels["check"] === "fake::level");
  assert.deepEqual([end?.event_status, end?.labels["site"]], ["Ok", "north"]);
  assert.equal(life.engine.activeAlerts, 0);
});

Deno.test("a check that is not let look any more has its alerts ended after three tries", async () => {
  await using lives = new Lives();
  const no = new FactUnavailableError("no");
  assert.deepEqual(await lives.play(["Warning", no, no]), ["fake::level thing Warning"]);
  assert.deepEqual(await lives.play([no]), ["fake::level thing Ok"]);
});

Deno.test("something momentary stays open over a restart until its hold has passed", async () => {
  await using lives = new Lives();
  const pace = { holdMs: 5000 };
  assert.deepEqual(await lives.play([lines("x")], { pace }), ["fake::level x Warning"]);
  assert.deepEqual(await lives.play([lines(), lines()], { pace }), []);
  await lives.clock.tick(3000);
  assert.deepEqual(await lives.play([lines(), lines()], { pace }), ["fake::level x Ok"]);
});

Deno.test("a silence and what it keeps quiet outlive a restart", async () => {
  await using lives = new Lives();
  const { clock } = lives;
  const path = lives.folder.at("engine.db");
  {
    await using life = new EngineLife({ checks: [new ScriptedCheck(["Critical"])], clock, path });
    life.engine.silences.add({ matchers: { target: "th*" }, forMs: 60_000, reason: "works" });
    await clock.tick(1000);
    assert.deepEqual(life.told, []);
    assert.equal(life.engine.activeAlerts, 0);
    assert.deepEqual(life.engine.alerts().map(({ status, silenced }) => [status, silenced]), [[
      "Critical",
      true,
    ]]);
  }
  await clock.tick(30_000);
  await using life = new EngineLife({ checks: [new ScriptedCheck(["Critical"])], clock, path });
  assert.deepEqual(life.engine.silences.list().map(({ reason }) => reason), ["works"]);
  await clock.tick(28_900);
  assert.deepEqual(life.told, []);
  await clock.tick(200);
  assert.deepEqual(life.told, ["fake::level thing Critical"], "when it ends, not with the next gather");
});

Deno.test("a silence that ran out while the agent was down is gone; what it kept quiet is told if it is still there", async () => {
  await using lives = new Lives();
  const { clock } = lives;
  const path = lives.folder.at("engine.db");
  {
    const checks = [new ScriptedCheck(["Critical"]), new ScriptedCheck(["Warning"], "other")];
    await using life = new EngineLife({ checks, clock, path });
    life.engine.silences.add({ matchers: { check: "*" }, forMs: 10_000, reason: "" });
    await clock.tick(0);
  }
  await clock.tick(20_000);
  const checks = [new ScriptedCheck(["Ok"]), new ScriptedCheck(["Warning"], "other")];
  await using life = new EngineLife({ checks, clock, path });
  assert.deepEqual(life.engine.silences.list(), []);
  await clock.tick(1000);
  assert.deepEqual(life.told, ["other::level thing Warning"]);
});

Deno.test("nothing is written down as told before its event is safe; after a crash it is told again", async () => {
  await using lives = new Lives();
  const { clock } = lives;
  const path = lives.folder.at("engine.db");
  let safe = false;
  const life = new EngineLife({
    checks: [new ScriptedCheck(["Critical"])],
    clock,
    path,
    durable: () => Promise.resolve(safe),
  });
  await clock.tick(1000);
  assert.deepEqual(life.told, ["fake::level thing Critical"]);
  copySync(path, lives.folder.at("crashed.db"));
  safe = true;
  await life[Symbol.asyncDispose]();
  for (const [file, told] of [["crashed.db", ["fake::level thing Critical"]], ["engine.db", []]] as const) {
    await using next = new EngineLife({
      checks: [new ScriptedCheck(["Critical"])],
      clock,
      path: lives.folder.at(file),
    });
    await clock.tick(0);
    assert.deepEqual(next.told, told, file);
  }
});

Deno.test("a problem that vanished after a crash right behind its event gets its Ok all the same", async () => {
  await using lives = new Lives();
  const { clock } = lives;
  const path = lives.folder.at("engine.db");
  await using life = new EngineLife({
    checks: [new ScriptedCheck(["Critical"])],
    clock,
    path,
    emit: () => copySync(path, lives.folder.at("crashed.db")),
  });
  await clock.tick(0);
  assert.equal(life.events.length, 1);
  await using next = new EngineLife({
    checks: [new ScriptedCheck(["Ok"])],
    clock,
    path: lives.folder.at("crashed.db"),
  });
  await clock.tick(0);
  assert.deepEqual(next.told, ["fake::level thing Ok"]);
});

Deno.test("a stop waits for no gather, nor for a queue that never says whether it is safe", async () => {
  const clock = new FakeClock();
  const life = new EngineLife({
    checks: [new ScriptedCheck(["Critical", () => new Promise(() => {})])],
    clock,
    durable: () => new Promise(() => {}),
  });
  await clock.tick(1500);
  let over = false;
  const closing = life[Symbol.asyncDispose]().then(() => over = true);
  await clock.tick(1999);
  assert.equal(over, false);
  await clock.tick(1);
  await closing;
  assert.equal(clock.pendingTimers, 0);
});

/** As a crash would leave it: with what is in its log. */
function copySync(from: string, to: string): void {
  for (const suffix of ["", "-wal"]) Deno.copyFileSync(from + suffix, to + suffix);
}
