import assert from "node:assert/strict";
import type { EventStatus } from "../../lib/alerts/event.ts";
import { absent, type AlertState, decide, observe, told } from "../../lib/checks/alert_state.ts";
import { type Pace, paceOf } from "../../lib/checks/pace.ts";

const MIN = 60_000;

/** One problem, looked at by hand. */
class Problem {
  state: AlertState | undefined;
  readonly log: string[] = [];
  silenced = false;
  readonly pace: Pace;

  constructor(pace: Partial<Pace> = {}) {
    this.pace = paceOf(pace);
  }

  /** A gather at `min` minutes that found this. */
  at(min: number, status: EventStatus, momentary = false): this {
    const labels = { check: "a::b", target: "t" };
    const seen = { labels, status, description: `${status} at ${min}`, attrs: {}, momentary };
    this.state = observe(this.state, seen, this.pace, min * MIN);
    return this.#settle(min);
  }

  /** A gather at `min` minutes that said nothing of it. */
  missing(min: number, looked = true): this {
    if (this.state) this.state = absent(this.state, { why: "gone", looked }, this.pace, min * MIN);
    return this.#settle(min);
  }

  /** No gather: only what has changed in the silence. */
  silence(silenced: boolean, min: number): this {
    this.silenced = silenced;
    return this.#settle(min);
  }

  #settle(min: number): this {
    if (this.state === undefined) return this;
    const { state, notice } = decide(this.state, this.pace, min * MIN, this.silenced);
    if (state !== undefined && notice !== undefined) {
      this.log.push(`${min} ${notice.kind} ${notice.status}`);
      this.state = told(state, notice, min * MIN);
    } else {
      this.state = state;
    }
    return this;
  }
}

Deno.test("a problem is raised when it has lasted for `for`, and one that did not last never was", () => {
  const problem = new Problem({ forMs: 2 * MIN });
  problem.at(0, "Warning").at(1, "Warning").at(2, "Warning").at(3, "Ok");
  assert.deepEqual(problem.log, ["2 raised Warning", "3 recovered Ok"]);
  assert.deepEqual(new Problem({ forMs: 2 * MIN }).at(0, "Warning").at(1, "Ok").at(2, "Ok").log, []);
  const anew = new Problem({ forMs: 2 * MIN }).at(0, "Warning").at(1, "Ok").at(1.5, "Warning").at(
    3,
    "Warning",
  );
  assert.deepEqual(anew.log, [], "the clock starts anew with each problem");
});

Deno.test("the clock of `for` runs on when the severity changes, and the one raised is the present one", () => {
  const problem = new Problem({ forMs: 2 * MIN }).at(0, "Warning").at(1, "Critical").at(2, "Critical");
  assert.deepEqual(problem.log, ["2 raised Critical"]);
});

Deno.test("the clock of `for` starts anew after an outage of more than an hour, not after a shorter one", () => {
  assert.deepEqual(new Problem({ forMs: 2 * MIN }).at(0, "Warning").at(50, "Warning").log, [
    "50 raised Warning",
  ]);
  assert.deepEqual(new Problem({ forMs: 2 * MIN }).at(0, "Warning").at(70, "Warning").at(72, "Warning").log, [
    "72 raised Warning",
  ]);
});

Deno.test("a change of severity is told at once, whatever was repeated how often", () => {
  const pace = { repeatIntervalMs: 1000 * MIN, repeatCount: 0, forMs: 0 };
  const problem = new Problem(pace).at(0, "Info").at(1, "Warning").at(2, "Critical").at(3, "Warning").at(
    4,
    "Ok",
  );
  assert.deepEqual(problem.log, [
    "0 raised Info",
    "1 changed Warning",
    "2 changed Critical",
    "3 changed Warning",
    "4 recovered Ok",
  ]);
});

Deno.test("it is repeated each interval, as often as it may be, and anew after a change", () => {
  const problem = new Problem({ repeatIntervalMs: 10 * MIN, repeatCount: 2 });
  for (let min = 0; min <= 60; min += 5) problem.at(min, min < 45 ? "Warning" : "Critical");
  assert.deepEqual(problem.log, [
    "0 raised Warning",
    "10 repeated Warning",
    "20 repeated Warning",
    "45 changed Critical",
    "55 repeated Critical",
  ]);
  const never = new Problem({ repeatIntervalMs: 0, repeatCount: 0 }).at(0, "Warning").at(1, "Warning");
  assert.deepEqual(never.log, ["0 raised Warning"]);
  const forEver = new Problem({ repeatIntervalMs: 0, repeatCount: Infinity });
  for (let min = 0; min < 50; min++) forEver.at(min, "Warning");
  assert.equal(forEver.log.length, 50);
});

Deno.test("without recovery its end is not told, and the next one is raised again", () => {
  const problem = new Problem({ recovery: false }).at(0, "Warning").at(1, "Ok").at(2, "Warning");
  assert.deepEqual(problem.log, ["0 raised Warning", "2 raised Warning"]);
});

Deno.test("under a silence nothing but an end is told; what is open when it ends is told then", () => {
  const problem = new Problem({ repeatIntervalMs: MIN }).at(0, "Warning").silence(true, 1);
  problem.at(2, "Warning").at(3, "Critical").silence(false, 4).at(4.5, "Critical");
  assert.deepEqual(problem.log, ["0 raised Warning", "4 changed Critical"]);

  const unchanged = new Problem({ repeatCount: 0 }).at(0, "Warning").silence(true, 1).silence(false, 2).at(
    3,
    "Warning",
  );
  assert.deepEqual(unchanged.log, ["0 raised Warning", "2 owed Warning"]);

  const ended = new Problem().at(0, "Warning").silence(true, 1).at(2, "Ok").silence(false, 3);
  assert.deepEqual(ended.log, ["0 raised Warning", "2 recovered Ok"], "whoever heard of it hears of its end");

  const unheard = new Problem().silence(true, 0).at(1, "Critical").at(2, "Ok").silence(false, 3);
  assert.deepEqual(unheard.log, []);

  const open = new Problem().silence(true, 0).at(1, "Critical").at(2, "Critical").silence(false, 3).at(
    4,
    "Ok",
  );
  assert.deepEqual(open.log, ["3 raised Critical", "4 recovered Ok"]);
});

Deno.test("a silence does not open what has not lasted long enough", () => {
  const problem = new Problem({ forMs: 5 * MIN }).silence(true, 0).at(1, "Warning").silence(false, 2).at(
    3,
    "Warning",
  );
  assert.deepEqual(problem.log, []);
  assert.deepEqual(problem.at(6, "Warning").log, ["6 raised Warning"]);
});

Deno.test("something momentary is raised at once, whatever `for` says, and over when `hold` has passed", () => {
  const problem = new Problem({ holdMs: 10 * MIN, forMs: 60 * MIN }).at(0, "Warning", true);
  problem.missing(5).at(9, "Ok").at(9.5, "Warning", true).missing(12).missing(19).missing(19.5).missing(30);
  assert.deepEqual(problem.log, ["0 raised Warning", "19.5 recovered Ok"]);
  assert.equal(problem.state, undefined);
});

Deno.test("while it is open another occurrence is a repeat; without one there is none", () => {
  const pace = { holdMs: 60 * MIN, repeatIntervalMs: 10 * MIN, repeatCount: 2 };
  const problem = new Problem(pace).at(0, "Warning", true).at(5, "Warning", true);
  problem.at(10, "Warning", true).missing(25).missing(30).at(31, "Warning", true).at(50, "Warning", true);
  assert.deepEqual(problem.log, ["0 raised Warning", "10 repeated Warning", "31 repeated Warning"]);
});

Deno.test("a milder occurrence does not hide the worse one before its hold is over", () => {
  const problem = new Problem({ holdMs: 10 * MIN }).at(0, "Critical", true).at(5, "Warning", true);
  problem.at(11, "Warning", true).missing(20).missing(21);
  assert.deepEqual(problem.log, ["0 raised Critical", "11 changed Warning", "21 recovered Ok"]);
});

Deno.test("an occurrence after a hold whose end nobody saw is told as a new one", () => {
  const problem = new Problem({ holdMs: 10 * MIN, repeatCount: 0 }).at(0, "Warning", true).at(
    30,
    "Warning",
    true,
  );
  assert.deepEqual(problem.log, ["0 raised Warning", "30 owed Warning"]);
});

Deno.test("what is missing three times in a row is no longer watched; what turns up between is", () => {
  const problem = new Problem({ repeatCount: 0 }).at(0, "Warning").missing(1).missing(2).at(3, "Warning");
  problem.missing(4).missing(5);
  assert.deepEqual(problem.log, ["0 raised Warning"]);
  problem.missing(6);
  assert.deepEqual(problem.log, ["0 raised Warning", "6 recovered Ok"]);
  const pending = new Problem({ forMs: 3 * MIN }).at(0, "Warning").missing(1).at(4, "Warning");
  assert.deepEqual(pending.log, [], "the clock does not run while it is missing");
});

Deno.test("a log that cannot be looked at is not a quiet one", () => {
  const problem = new Problem({ holdMs: MIN, repeatCount: 0 }).at(0, "Warning", true);
  problem.missing(5, false).missing(6, false);
  assert.deepEqual(problem.log, ["0 raised Warning"]);
  assert.deepEqual(problem.missing(7, false).log, ["0 raised Warning", "7 recovered Ok"]);
});
