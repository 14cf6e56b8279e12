import assert from "node:assert/strict";
import { Backoff } from "../../lib/link/backoff.ts";
import type { RunSignals } from "../../lib/link/connection.ts";
import type { ConnectionEnd, ConnectionLife } from "../../lib/link/connection_end.ts";
import type { ConnectionEvent } from "../../lib/link/connection_event.ts";
import { runForever } from "../../lib/link/reconnect.ts";
import { ServerPool } from "../../lib/link/server_pool.ts";
import { SuspensionDetector } from "../../lib/link/suspension.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { RecordingLogger } from "./recording_logger.ts";

const lost: ConnectionEnd = { kind: "lost", reason: "cut" };
const undialled: ConnectionEnd = { kind: "dial_failed", reason: "refused" };
const unauthorized: ConnectionEnd = { kind: "unauthorized", reason: "401" };

/** A connection whose lives are scripted: each ends at once, unless it is to hang until it is told. */
class ScriptedConnection {
  readonly dialledAtMs: number[] = [];
  readonly signals: RunSignals[] = [];
  readonly #clock: FakeClock;
  readonly #script: (ConnectionLife | "hang")[];
  end: (life: ConnectionLife) => void = () => {};

  constructor(clock: FakeClock, script: (ConnectionLife | "hang")[]) {
    this.#clock = clock;
    this.#script = script;
  }

  runOnce(signals: RunSignals): Promise<ConnectionLife> {
    this.dialledAtMs.push(this.#clock.monotonicMs());
    this.signals.push(signals);
    const next = this.#script.shift() ?? "hang";
    if (next !== "hang") return Promise.resolve(next);
    return new Promise((resolve) => {
      this.end = resolve;
      const { stop, suspended } = signals;
      stop.addEventListener("abort", () => resolve({ end: { kind: "stopped" }, registered: false }));
      suspended.addEventListener(
        "abort",
        () =>
          resolve({ end: { kind: "suspended", sleptSec: suspended.reason as number }, registered: false }),
      );
    });
  }
}

class Rig implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly log = new RecordingLogger();
  readonly events: ConnectionEvent[] = [];
  readonly stop = new AbortController();
  readonly connection: ScriptedConnection;
  readonly running: Promise<void>;

  constructor(script: (ConnectionLife | "hang")[], onEvent?: (event: ConnectionEvent) => void) {
    this.connection = new ScriptedConnection(this.clock, script);
    this.running = runForever({
      connection: this.connection,
      waits: new ServerPool({
        urls: [new URL("ws://hub")],
        backoff: new Backoff(),
        clock: this.clock,
        random: () => 0.5,
      }),
      suspension: new SuspensionDetector({ clock: this.clock }),
      clock: this.clock,
      logger: this.log.logger,
      onEvent: onEvent ?? ((event) => this.events.push(event)),
    }, this.stop.signal);
  }

  /** The waits between the dials so far, in seconds. */
  get waitsSec(): number[] {
    const at = this.connection.dialledAtMs;
    return at.slice(1).map((ms, index) => (ms - (at[index] ?? 0)) / 1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
    assert.equal(this.clock.pendingTimers, 0, "the loop left a timer behind");
  }
}

const failed = (end: ConnectionEnd): ConnectionLife => ({ end, registered: false });
const lived = (end: ConnectionEnd): ConnectionLife => ({ end, registered: true });

Deno.test("a hub that cannot be dialled is tried after 1, 2, 4, 8 s", async () => {
  await using rig = new Rig(Array(4).fill(failed(undialled)));
  await rig.clock.tick(15_000);
  assert.deepEqual(rig.waitsSec, [1, 2, 4, 8]);
});

Deno.test("each kind of end has its own wait; a registration puts both ladders back", async () => {
  await using rig = new Rig([
    failed(undialled), // 1 s
    failed(undialled), // 2 s
    failed(unauthorized), // 67.5 s: the middle of 60 … 75
    failed(unauthorized), // 120 s
    failed({ kind: "not_registered", reason: "no ack" }), // 4 s
    lived(lost), // 1 s
    failed(undialled), // 2 s
    failed(unauthorized), // 67.5 s again
    lived({ kind: "disconnected", reason: "", retryAfterSec: 8 }), // 9 s: the middle of 8 … 10
    failed({ kind: "dial_failed", reason: "busy", retryAfterSec: 16 }), // 18 s
    failed(undialled), // 2 s
  ]);
  await rig.clock.tick(400_000);
  assert.deepEqual(rig.waitsSec, [1, 2, 67.5, 120, 4, 1, 2, 67.5, 9, 18, 2]);
});

Deno.test("what is waited is told, and each failure is logged once", async () => {
  await using rig = new Rig([failed(undialled), failed(unauthorized), lived(lost)]);
  await rig.clock.tick(80_000);
  assert.deepEqual(rig.events, [
    { type: "waiting", delayMs: 1000 },
    { type: "waiting", delayMs: 67_500 },
    { type: "waiting", delayMs: 1000 },
  ]);
  assert.deepEqual(rig.log.records, [
    { level: "warning", event: "link.dial_failed", fields: { reason: "refused", retryInSec: 1 } },
    { level: "error", event: "link.unauthorized", fields: { reason: "401", retryInSec: 67.5 } },
    { level: "warning", event: "link.lost", fields: { reason: "cut", retryInSec: 1 } },
  ]);
});

Deno.test("a step of the wall clock during a wait neither shortens nor lengthens it", async () => {
  await using rig = new Rig([failed(unauthorized)]);
  await rig.clock.tick(1000);
  for (const offset of [86_400_000, -86_400_000]) {
    rig.clock.wallOffsetMs = offset;
    await rig.clock.tick(30_000);
    assert.deepEqual(rig.waitsSec, []);
  }
  await rig.clock.tick(6500);
  assert.deepEqual(rig.waitsSec, [67.5]);
});

Deno.test("a machine that slept during a wait dials at once", async () => {
  await using rig = new Rig([failed(unauthorized)]);
  await rig.clock.tick(10_000);
  rig.clock.suspendedSec = 3600;
  await rig.clock.tick(2000);
  assert.equal(rig.connection.dialledAtMs.length, 2);
});

Deno.test("a machine that slept during a connection dials at once, and the ladder stays where it was", async () => {
  await using rig = new Rig([failed(undialled), failed(undialled), "hang", failed(undialled)]);
  await rig.clock.tick(10_000);
  rig.clock.suspendedSec = 600;
  await rig.clock.tick(2000);
  assert.equal(rig.connection.dialledAtMs.length, 4);
  await rig.clock.tick(4000);
  assert.equal(rig.waitsSec[3], 4);
  assert.deepEqual(rig.log.events("info"), ["link.suspended"]);
});

Deno.test("a machine whose sleep ended the dial before it was noticed does not wait out the ladder", async () => {
  await using rig = new Rig([failed(unauthorized), "hang", failed(unauthorized)]);
  await rig.clock.tick(68_000);
  rig.clock.suspendedSec = 600; // the sleep
  rig.connection.end(failed(unauthorized)); // and right after it the answer, before anyone looked at the clock
  await rig.clock.tick(2000);
  assert.equal(rig.connection.dialledAtMs.length, 3);
});

Deno.test("stop during a wait ends it at once, stop during a connection when that has ended", async () => {
  for (const script of [[failed(unauthorized)], ["hang" as const]]) {
    const rig = new Rig(script);
    await settle();
    rig.stop.abort();
    await rig.running;
    assert.equal(rig.connection.dialledAtMs.length, 1);
    assert.equal(rig.clock.pendingTimers, 0);
  }
});

Deno.test("stop while a connection ends for another reason: no further wait is announced", async () => {
  const rig = new Rig(["hang"]);
  await settle();
  rig.connection.end(lived({ kind: "disconnected", reason: "", retryAfterSec: 60 }));
  rig.stop.abort();
  await rig.running;
  assert.deepEqual(rig.events, []);
  assert.equal(rig.clock.pendingTimers, 0);
});

Deno.test("stop before the start dials nothing", async () => {
  const clock = new FakeClock();
  const connection = new ScriptedConnection(clock, []);
  const suspension = new SuspensionDetector({ clock });
  await runForever({ connection, waits: { after: () => 0 }, suspension, clock }, AbortSignal.abort());
  assert.equal(connection.dialledAtMs.length, 0);
});

Deno.test("a stopped life is the last, even where nobody aborted", async () => {
  const rig = new Rig([failed({ kind: "stopped" })]);
  await rig.running;
  assert.equal(rig.connection.dialledAtMs.length, 1);
});

Deno.test("a listener that throws does not end the loop", async () => {
  await using rig = new Rig(Array(3).fill(failed(undialled)), () => {
    throw new Error("a listener's fault");
  });
  await rig.clock.tick(7000);
  assert.equal(rig.connection.dialledAtMs.length, 4);
  assert.equal(rig.log.events("error").length, 3);
});

Deno.test("many reconnections leave nothing behind", async () => {
  await using rig = new Rig(Array(50).fill(lived(lost)));
  await rig.clock.tick(50_000);
  assert.equal(rig.connection.dialledAtMs.length, 51);
  assert.equal(rig.clock.pendingTimers, 1, "one look for suspension and nothing else");
});
