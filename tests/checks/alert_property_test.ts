import { getLogger } from "@logtape/logtape";
import assert from "node:assert/strict";
import fc from "fast-check";
import { type AlertEvent, alertKey, type EventStatus } from "../../lib/alerts/event.ts";
import { AlertBook } from "../../lib/checks/alert_book.ts";
import { isWorse } from "../../lib/checks/alert_state.ts";
import type { EngineChange } from "../../lib/checks/engine_file.ts";
import { type Pace, paceOf } from "../../lib/checks/pace.ts";
import type { Clock } from "../../lib/clock.ts";

const TARGETS = ["a", "b", "c"] as const;
const MIN = 60_000;

type Found = EventStatus | "momentary" | "missing";

type Step =
  | { readonly what: "gather"; readonly found: readonly Found[] }
  | { readonly what: "wait"; readonly min: number }
  | { readonly what: "silence"; readonly target: number; readonly on: boolean }
  | { readonly what: "restart" | "crash" | "flush" }
  | { readonly what: "refuse"; readonly on: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(
      fc.constantFrom<Found>("Ok", "Ok", "Info", "Warning", "Critical", "momentary", "missing"),
      { minLength: 3, maxLength: 3 },
    ).map((found) => ({ what: "gather", found }) as const),
  },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 90 }).map((min) => ({ what: "wait", min }) as const) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant("silence" as const), target: fc.nat(2), on: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constantFrom("restart", "crash", "flush").map((what) => ({ what }) as const) },
  { weight: 1, arbitrary: fc.boolean().map((on) => ({ what: "refuse", on }) as const) },
);

const pace: fc.Arbitrary<Pace> = fc.record({
  forMs: fc.constantFrom(0, 10 * MIN),
  repeatIntervalMs: fc.constantFrom(0, 20 * MIN),
  repeatCount: fc.constantFrom(0, 2, Infinity),
  holdMs: fc.constantFrom(0, 30 * MIN),
}).map(paceOf);

/** A book, a disk that lags behind it, and a hub that believes what it is told. */
class World {
  nowMs = 1000;
  /** Nothing here waits: a fake clock would let the event loop turn for nothing. */
  readonly clock: Clock = {
    monotonicMs: () => this.nowMs,
    wallMs: () => 1_700_000_000_000 + this.nowMs,
    osUptimeSec: () => undefined,
    setTimeout: () => assert.fail("a timer"),
    clearTimeout: () => {},
  };
  readonly disk = new Map<string, string>();
  readonly unwritten = new Map<string, EngineChange>();
  readonly silenced = new Set<string>();
  readonly told = new Map<string, EventStatus[]>();
  readonly toldAtMs = new Map<string, number>();
  /** Something besides the repeat rules allows the same to be told again. */
  readonly excused = new Set<string>();
  refuses = false;
  crashed = false;
  book = this.#open();

  constructor(readonly pace: Pace) {}

  #open(): AlertBook {
    const book = new AlertBook({
      clock: this.clock,
      emit: (event) => this.#take(event),
      isSilenced: ({ target = "" }) => this.silenced.has(target),
      onIntent: (change) => {
        this.unwritten.delete(change.key);
        this.#write(change);
      },
      onChange: (change) => this.unwritten.set(change.key, change),
      logger: getLogger("test"),
    });
    book.restore(this.disk);
    return book;
  }

  #write({ key, text }: EngineChange): void {
    if (text === undefined) this.disk.delete(key);
    else this.disk.set(key, text);
  }

  #take({ labels, event_status: status }: AlertEvent): void {
    if (this.refuses) throw new Error("refused");
    const target = labels["target"] ?? "";
    const before = this.told.get(target) ?? [];
    if (before.length === 0 && !this.crashed && !this.excused.has(target)) {
      assert.notEqual(status, "Ok", "an end of what was never told");
    }
    if (before.at(-1) === status && !this.crashed && !this.excused.has(target)) {
      assert.notEqual(status, "Ok", "the same end twice");
      const sinceMs = this.nowMs - (this.toldAtMs.get(target) ?? 0);
      assert.ok(this.pace.repeatCount > 0 && sinceMs >= this.pace.repeatIntervalMs, "told again too soon");
    }
    this.told.set(target, [...before, status]);
    this.toldAtMs.set(target, this.nowMs);
    this.excused.delete(target);
  }

  gather(found: readonly Found[]): void {
    const believed = TARGETS.map((target) => this.told.get(target)?.at(-1) ?? "Ok");
    const sightings = found.flatMap((what, index) => {
      if (what === "missing") return [];
      const momentary = what === "momentary";
      const labels = { check: "p::d", target: TARGETS[index] ?? "" };
      return [{
        ...{ labels, description: what, attrs: {}, momentary },
        status: momentary ? "Warning" as const : what,
      }];
    });
    const absence = { why: "gone", looked: true };
    this.book.take({ owner: "p", pace: this.pace, sightings, absence });
    for (const [index, target] of TARGETS.entries()) {
      const [what, before] = [found[index] ?? "missing", believed[index] ?? "Ok"];
      if (what === "missing" || this.silenced.has(target) || this.refuses || before === "Ok") continue;
      const status = what === "momentary" ? "Warning" : what;
      if (isWorse(status, before)) {
        assert.equal(this.told.get(target)?.at(-1), status, "an escalation was not told at once");
      }
    }
  }

  play(step: Step): void {
    switch (step.what) {
      case "gather":
        return this.gather(step.found);
      case "wait":
        this.nowMs += step.min * MIN;
        return;
      case "silence": {
        const target = TARGETS[step.target] ?? "a";
        if (step.on) this.silenced.add(target);
        else if (this.silenced.delete(target)) this.excused.add(target);
        return this.book.settle("p", this.pace);
      }
      case "refuse":
        this.refuses = step.on;
        // What was to be told is told later; what was meant to be stays on disk.
        for (const target of TARGETS) this.excused.add(target);
        return;
      case "restart":
        this.flush();
        this.book = this.#open();
        return;
      case "crash":
        this.crashed = true;
        this.unwritten.clear();
        this.book = this.#open();
        return;
      case "flush":
        this.flush();
    }
  }

  flush(): void {
    for (const change of this.unwritten.values()) this.#write(change);
    this.unwritten.clear();
  }

  /** All is well, and everybody looks. */
  heal(): void {
    this.refuses = false;
    for (let round = 0; round < 2; round++) {
      this.nowMs += 31 * MIN;
      this.gather(["Ok", "Ok", "Ok"]);
    }
  }
}

Deno.test("whatever is found, refused, silenced and restarted: what is told makes sense, and every end is told", () => {
  fc.assert(
    fc.property(pace, fc.array(step, { maxLength: 30 }), (pace, steps) => {
      const world = new World(pace);
      for (const step of steps) world.play(step);
      world.heal();
      for (const target of TARGETS) {
        assert.equal(world.told.get(target)?.at(-1) ?? "Ok", "Ok", `the hub believes ${target} to be open`);
      }
      assert.equal(world.book.told, 0);
      assert.deepEqual(world.book.open(() => pace), []);
      world.flush();
      assert.equal(world.disk.size, 0, "something stays written down for ever");
    }),
    { numRuns: 1000 },
  );
});

Deno.test("an alert's key is that of its labels, before and after a restart", () => {
  const world = new World(paceOf());
  world.gather(["Critical", "Ok", "Ok"]);
  world.flush();
  assert.deepEqual([...world.disk.keys()], [alertKey({ check: "p::d", target: "a" })]);
});
