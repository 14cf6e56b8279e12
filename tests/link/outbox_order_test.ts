import assert from "node:assert/strict";
import { message, OutboxRig } from "./outbox_rig.ts";

Deno.test("control goes before the heartbeat, the heartbeat before alerts and output", () => {
  const rig = new OutboxRig();
  rig.delta("s", "text");
  rig.alerts.add();
  rig.heartbeat();
  rig.control("c1");
  rig.control("c2");
  assert.deepEqual(rig.all(), ["control c1", "control c2", "heartbeat", "alerts", "s answer:text"]);
  assert.equal(rig.outbox.empty, true);
});

Deno.test("a heartbeat that still waits is replaced, with what hangs on it", () => {
  const rig = new OutboxRig();
  const heard: string[] = [];
  rig.heartbeat("old", { onSent: () => heard.push("old") });
  rig.heartbeat("new", { onSent: () => heard.push("sent"), onWritten: () => heard.push("written") });
  const outgoing = rig.outbox.next(true);
  outgoing?.onSent?.();
  outgoing?.onWritten?.();
  assert.match(outgoing?.text ?? "", /"id":"new"/);
  assert.deepEqual(heard, ["sent", "written"]);
  assert.equal(rig.next(), undefined);
});

Deno.test("nothing waits in an outbox that is empty; alerts do not count, they wait elsewhere", () => {
  const rig = new OutboxRig();
  rig.alerts.add();
  assert.equal(rig.outbox.empty, true);
  for (const push of [() => rig.control("c"), () => rig.heartbeat(), () => rig.delta("s", "x")]) {
    push();
    assert.equal(rig.outbox.empty, false);
    rig.all();
    assert.equal(rig.outbox.empty, true);
  }
  rig.delta("s", "");
  assert.equal(rig.outbox.empty, true, "an empty delta says nothing");
});

Deno.test("alerts and session output take turns of one turn's size", () => {
  const rig = new OutboxRig({ turnSize: 1000 });
  for (let count = 0; count < 12; count++) rig.alerts.add(250);
  for (let count = 0; count < 6; count++) {
    rig.delta("s", `${count}`.repeat(500), count % 2 ? "answer" : "thinking");
  }
  const kinds = rig.all().map((text) => text === "alerts" ? "a" : "s");
  // The message around 500 characters of output has more than 500: two of them are a turn.
  assert.equal(kinds.join(""), "aaaassaaaassaaaass");
});

Deno.test("neither keeps its turn when it has nothing to say", () => {
  const rig = new OutboxRig({ turnSize: 1000 });
  for (let count = 0; count < 20; count++) rig.alerts.add(250);
  assert.deepEqual(rig.all(), Array(20).fill("alerts"));
  for (let count = 0; count < 4; count++) rig.delta("s", "x".repeat(900), count % 2 ? "answer" : "thinking");
  assert.equal(rig.all().length, 4);
});

Deno.test("while something is being written, what can still grow waits", () => {
  const rig = new OutboxRig();
  rig.alerts.add(100, true);
  rig.delta("s", "part");
  assert.equal(rig.next(false), undefined);
  rig.delta("s", " and more");
  assert.deepEqual(rig.all(true), ["alerts", "s answer:part and more"]);
});

Deno.test("what can grow no more does not wait", () => {
  const rig = new OutboxRig({ turnSize: 100 });
  rig.delta("s", "x".repeat(50));
  assert.equal(rig.all(false).length, 1, "half a turn is long enough");
  rig.delta("s", "thought", "thinking");
  rig.delta("s", "answer");
  assert.deepEqual(rig.all(false), ["s thinking:thought"], "something else stands behind it");
  rig.outbox.pushMessage("s", message("s", "end"));
  assert.deepEqual(rig.all(false), ["s answer:answer", "s done:end"]);
});

Deno.test("a lone alert gets its turn on a line that output keeps busy for ever", () => {
  const rig = new OutboxRig({ turnSize: 1000 });
  rig.alerts.add(100, true);
  const taken: (string | undefined)[] = [];
  for (let count = 0; count < 20; count++) {
    rig.delta("s", "x".repeat(900), count % 2 ? "answer" : "thinking");
    taken.push(rig.next(false));
  }
  const at = taken.indexOf("alerts");
  assert.ok(at >= 0 && at <= 3, `the alert was number ${at}`);
});

Deno.test("a little output gets its turn on a line that alerts keep busy for ever", () => {
  const rig = new OutboxRig({ turnSize: 1000 });
  rig.delta("s", "a word");
  const taken: (string | undefined)[] = [];
  for (let count = 0; count < 20; count++) {
    rig.alerts.add(300);
    taken.push(rig.next(false));
  }
  const at = taken.indexOf("s answer:a word");
  assert.ok(at >= 0 && at <= 5, `the output was number ${at}`);
});

Deno.test("sessions take turns among themselves", () => {
  const rig = new OutboxRig({ turnSize: 10 });
  for (const session of ["a", "b", "c"]) rig.delta(session, session.repeat(30));
  const order = rig.all().map((text) => text[0]).join("");
  assert.equal(order, "abcabcabc");
});

Deno.test("a session that begins late is not kept behind all that an early one has", () => {
  const rig = new OutboxRig({ turnSize: 10 });
  rig.delta("a", "a".repeat(100));
  rig.next();
  rig.delta("b", "b");
  assert.ok(rig.all().slice(0, 2).includes("b answer:b"));
});

Deno.test("answers beyond their bound are reported", () => {
  const rig = new OutboxRig({ maxControlSize: 200 });
  assert.equal(rig.control("c1"), true);
  assert.equal(rig.control("c2"), true);
  let third = true;
  for (let count = 0; count < 4; count++) third = rig.control(`x${count}`);
  assert.equal(third, false);
  rig.all();
  assert.equal(rig.control("c3"), true, "once they are out there is room again");
});
