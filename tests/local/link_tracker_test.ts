import assert from "node:assert/strict";
import type { ConnectionEvent } from "../../lib/link/connection_event.ts";
import { LinkTracker } from "../../lib/local/link_tracker.ts";
import { FakeClock } from "../fakes/fake_clock.ts";

function rig() {
  const clock = new FakeClock();
  const tracker = new LinkTracker({ hub: "hub:1", clock });
  const note = (step: ConnectionEvent) => tracker.note(step);
  return { clock, tracker, note, sinceStart: (sec: number) => Math.floor(clock.wallMs() / 1000) - sec };
}

Deno.test("it starts as connecting, to the hub that is configured", () => {
  const { tracker, sinceStart } = rig();
  assert.deepEqual(tracker.status, {
    state: "connecting",
    hub: "hub:1",
    since: sinceStart(0),
    capabilities: [],
    ended: {},
  });
  assert.equal(tracker.unreadyReason, "not connected to hub:1, connecting");
});

Deno.test("registered means connected, with what was agreed on; heartbeats change nothing", async () => {
  const { clock, tracker, note, sinceStart } = rig();
  note({ type: "connecting", hub: "hub:2" });
  await clock.tick(5000);
  note({ type: "registered", hub: "hub:2", capabilities: ["alert_ack"] });
  await clock.tick(3000);
  note({ type: "heartbeat", heartbeat: { active_sessions: 0, active_alerts: 0 } });
  const { status } = tracker;
  assert.deepEqual([status.state, status.hub, status.since], ["connected", "hub:2", sinceStart(3)]);
  assert.deepEqual(status.capabilities, ["alert_ack"]);
  assert.equal(tracker.unreadyReason, undefined);
});

Deno.test("a loss is remembered, counted by why, and the next try told", async () => {
  const { clock, tracker, note, sinceStart } = rig();
  note({ type: "registered", hub: "hub:1", capabilities: ["alert_ack"] });
  note({ type: "ended", hub: "hub:1", end: { kind: "lost", reason: "no message for 90 s" } });
  note({ type: "waiting", delayMs: 12_000 });
  await clock.tick(2000);
  assert.deepEqual(tracker.status, {
    state: "waiting",
    hub: "hub:1",
    since: sinceStart(2),
    capabilities: [],
    last_error: "lost: no message for 90 s",
    next_try: sinceStart(-10),
    ended: { lost: 1 },
  });
  assert.equal(tracker.unreadyReason, "not connected to hub:1, waiting; before: lost: no message for 90 s");
  note({ type: "connecting", hub: "hub:1" });
  note({ type: "ended", hub: "hub:1", end: { kind: "suspended", sleptSec: 60 } });
  note({ type: "ended", hub: "hub:1", end: { kind: "lost", reason: "" } });
  assert.deepEqual(tracker.status.ended, { lost: 2, suspended: 1 });
  assert.equal(tracker.status.last_error, "lost");
  assert.equal(tracker.status.next_try, undefined);
});

Deno.test("a stop is no error", () => {
  const { tracker, note } = rig();
  note({ type: "registered", hub: "hub:1", capabilities: [] });
  note({ type: "ended", hub: "hub:1", end: { kind: "stopped" } });
  assert.deepEqual([tracker.status.state, tracker.status.last_error], ["stopped", undefined]);
  assert.equal(tracker.unreadyReason, "the agent is stopping");
});

Deno.test("a snapshot does not change afterwards", () => {
  const { tracker, note } = rig();
  const before = tracker.status;
  note({ type: "ended", hub: "hub:1", end: { kind: "lost", reason: "x" } });
  assert.deepEqual(before.ended, {});
});
