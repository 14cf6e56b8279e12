import assert from "node:assert/strict";
import { OutboxSessionOutlet } from "../../lib/link/session_outlet.ts";
import { decodeToHub, type MessageToHub } from "../../lib/protocol/mod.ts";
import { settle } from "../fakes/fake_clock.ts";
import { OutboxRig } from "./outbox_rig.ts";

class Rig extends OutboxRig {
  wakes = 0;
  floods = 0;
  readonly outlet: OutboxSessionOutlet;
  #ids = 0;

  constructor(options: ConstructorParameters<typeof OutboxRig>[0] = {}) {
    super(options);
    this.outlet = new OutboxSessionOutlet({
      outbox: this.outbox,
      newId: () => `o${this.#ids++}`,
      wake: () => this.wakes++,
      onFlooded: () => this.floods++,
    });
  }

  message(): MessageToHub {
    const decoded = decodeToHub(this.outbox.next(true)?.text ?? "nothing");
    assert.ok(decoded.ok);
    return decoded.message;
  }
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

Deno.test("an ack answers its message, with or without an error", () => {
  const rig = new Rig();
  rig.outlet.ack("m1");
  rig.outlet.ack("m2", "duplicate session_id");
  assert.deepEqual(plain(rig.message()), { type: "ack", id: "o0", ref_id: "m1", payload: { ok: true } });
  assert.deepEqual(plain(rig.message()).payload, { ok: false, error: "duplicate session_id" });
  assert.equal(rig.wakes, 2);
});

Deno.test("output, end of turn, error and final output leave in order, in the protocol's words", () => {
  const rig = new Rig();
  let sent = 0;
  rig.outlet.output("s", "thinking", "hm");
  rig.outlet.turnDone("s", "answer", "42");
  rig.outlet.error("s", "diagnose_failed", "no");
  rig.outlet.final("s", { report: "# r" }, () => sent++);
  rig.outlet.final("s", { report: "" }, () => sent++);
  const taken = Array.from({ length: 5 }, () => plain(rig.message())).map(({ type, payload }) => ({
    type,
    payload,
  }));
  const base = { session_id: "s", delta: "", stage: "" };
  assert.deepEqual(taken, [
    { type: "session_output", payload: { ...base, delta: "hm", stage: "thinking", done: false } },
    {
      type: "session_output",
      payload: { ...base, delta: "42", stage: "answer", done: false, metadata: { turn_done: true } },
    },
    { type: "session_error", payload: { session_id: "s", error: "no", code: "diagnose_failed" } },
    { type: "session_output", payload: { ...base, done: true, report: "# r" } },
    { type: "session_output", payload: { ...base, done: true } },
  ]);
  assert.equal(sent, 0, "nothing was handed to a socket");
});

Deno.test("a producer waits while much is queued, and goes on when there is room", async () => {
  const rig = new Rig({ comfortableSessionSize: 10 });
  let resumed = 0;
  await rig.outlet.output("s", "answer", "12345");
  rig.outlet.output("s", "answer", "67890!").then(() => resumed++);
  rig.outlet.output("s", "answer", "!").then(() => resumed++);
  rig.outlet.roomChanged();
  await settle();
  assert.equal(resumed, 0);
  rig.all();
  rig.outlet.roomChanged();
  await settle();
  assert.equal(resumed, 2);
});

Deno.test("when the connection has ended nobody waits any more and nothing is queued", async () => {
  const rig = new Rig({ comfortableSessionSize: 1 });
  const waiting = rig.outlet.output("s", "answer", "12345");
  rig.outlet.close();
  await waiting;
  rig.all();
  const { wakes } = rig;
  await rig.outlet.output("s", "answer", "12345");
  rig.outlet.ack("m");
  rig.outlet.turnDone("s", "answer", "x");
  rig.outlet.error("s", "diagnose_failed", "x");
  rig.outlet.final("s", {}, () => assert.fail("nothing is sent"));
  assert.equal(rig.outbox.empty, true);
  assert.equal(rig.wakes, wakes);
});

Deno.test("answers that pile up are reported", () => {
  const rig = new Rig({ maxControlSize: 500 });
  for (let count = 0; count < 5; count++) rig.outlet.ack("m");
  assert.equal(rig.floods, 0);
  for (let count = 0; count < 10; count++) rig.outlet.ack("m");
  assert.ok(rig.floods > 0);
});
