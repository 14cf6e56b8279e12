import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeToHub, type SessionOutput, type Stage } from "../../lib/protocol/mod.ts";
import { message, OutboxRig } from "./outbox_rig.ts";

const sessions = ["a", "b", "c"];
const stages: Stage[] = ["thinking", "answer", "tool_call"];

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("delta" as const),
      session: fc.constantFrom(...sessions),
      stage: fc.constantFrom(...stages),
      text: fc.string({ unit: "grapheme", maxLength: 40 }),
    }),
  },
  fc.record({ do: fc.constant("message" as const), session: fc.constantFrom(...sessions) }),
  fc.record({
    do: fc.constant("alerts" as const),
    size: fc.integer({ min: 10, max: 80 }),
    part: fc.boolean(),
  }),
  fc.record({ do: fc.constant("control" as const) }),
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("take" as const), idle: fc.boolean(), count: fc.nat({ max: 5 }) }),
  },
);

/** One character of output, or a message's place in it. */
type Unit = string;

const MARKER = /\n\[(\d+) characters of output left out: [^\]]*\]\n/;

/** The stream of one session as units, cuts as `cut:N`. A marker may come in pieces: runs of a stage are joined first. */
function unitsOf(outputs: SessionOutput[]): Unit[] {
  const units: Unit[] = [];
  const runs: { stage: Stage; done: boolean; text: string }[] = [];
  for (const { done, stage, delta } of outputs) {
    const last = runs.at(-1);
    if (last && !done && !last.done && last.stage === stage) last.text += delta;
    else runs.push({ stage, done, text: delta });
  }
  for (const { done, stage, text } of runs) {
    if (done) units.push(`message:${text}`);
    for (let rest = done ? "" : text; rest !== "";) {
      const cut = MARKER.exec(rest);
      for (const unit of rest.slice(0, cut?.index).split("")) units.push(`${stage}:${unit}`);
      if (cut) units.push(`cut:${cut[1]}`);
      rest = cut ? rest.slice(cut.index + cut[0].length) : "";
    }
  }
  return units;
}

/** Whether `got` is `pushed`, with exactly as many characters missing at each cut as it says. */
function assertAccounted(pushed: Unit[], got: Unit[]): void {
  let at = 0;
  for (const unit of got) {
    const cut = /^cut:(\d+)$/.exec(unit);
    if (cut) {
      for (let left = Number(cut[1]); left > 0; left--) {
        assert.ok(pushed[at] !== undefined && !pushed[at]?.startsWith("message:"), "a message was cut");
        at++;
      }
    } else assert.equal(unit, pushed[at++]);
  }
  assert.equal(at, pushed.length, "something is missing without a marker");
}

for (
  const [turnSize, maxSessionSize] of [[64 * 1024, 16 * 1024 * 1024], [20, 1e9], [20, 150], [7, 60]] as const
) {
  Deno.test(`turns of ${turnSize}, bound ${maxSessionSize}: each session's stream is whole but for its markers`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        const rig = new OutboxRig({ turnSize, maxSessionSize, comfortableSessionSize: 50 });
        const pushed = new Map(sessions.map((session) => [session, [] as Unit[]]));
        const got = new Map(sessions.map((session) => [session, [] as SessionOutput[]]));
        const counts = { alerts: 0, control: 0 };
        let messages = 0;
        const take = (idle: boolean): boolean => {
          const text = rig.outbox.next(idle)?.text;
          if (text === undefined) return false;
          if (text.startsWith("alerts ")) counts.alerts--;
          else {
            const decoded = decodeToHub(text);
            assert.ok(decoded.ok);
            if (decoded.message.type === "ack") counts.control--;
            else if (decoded.message.type === "session_output") {
              got.get(decoded.message.payload.session_id)?.push(decoded.message.payload);
            }
          }
          return true;
        };
        for (const one of steps) {
          switch (one.do) {
            case "delta":
              rig.delta(one.session, one.text, one.stage);
              for (const unit of one.text.split("")) pushed.get(one.session)?.push(`${one.stage}:${unit}`);
              break;
            case "message":
              rig.outbox.pushMessage(one.session, message(one.session, `${messages}`));
              pushed.get(one.session)?.push(`message:${messages++}`);
              break;
            case "alerts":
              rig.alerts.add(one.size, one.part);
              counts.alerts++;
              break;
            case "control":
              rig.control("c");
              counts.control++;
              break;
            case "take":
              for (let count = 0; count < one.count; count++) take(one.idle);
          }
        }
        while (take(true)) { /* until nothing is left */ }
        assert.deepEqual(counts, { alerts: 0, control: 0 });
        assert.equal(rig.outbox.empty, true);
        assert.equal(rig.outbox.comfortable, true, "its account of what waits must come out even");
        for (const session of sessions) {
          assertAccounted(pushed.get(session) ?? [], unitsOf(got.get(session) ?? []));
        }
      }),
      { numRuns: 150 },
    );
  });
}
