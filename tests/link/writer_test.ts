import assert from "node:assert/strict";
import { Writer, type WriterOptions } from "../../lib/link/writer.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { message, OutboxRig } from "./outbox_rig.ts";

/** A socket that writes when the test says so. */
class FakeSocket {
  readonly sent: string[] = [];
  readonly #unwritten: number[] = [];

  get bufferedBytes(): number {
    return this.#unwritten.reduce((sum, bytes) => sum + bytes, 0);
  }

  send(text: string): void {
    this.sent.push(text);
    this.#unwritten.push(new TextEncoder().encode(text).length);
  }

  /** Hands the oldest `count` messages to the operating system. */
  write(count = Infinity): void {
    this.#unwritten.splice(0, count);
  }
}

class Rig extends OutboxRig implements Disposable {
  readonly clock = new FakeClock();
  readonly socket = new FakeSocket();
  readonly broken: string[] = [];
  readonly writer: Writer;
  taken = 0;

  constructor(options: Partial<WriterOptions> = {}) {
    super();
    this.writer = new Writer({
      socket: this.socket,
      outbox: this.outbox,
      clock: this.clock,
      onBroken: (reason) => this.broken.push(reason),
      onTaken: () => this.taken++,
      ...options,
    });
  }

  [Symbol.dispose](): void {
    this.writer[Symbol.dispose]();
    assert.equal(this.clock.pendingTimers, 0, "the writer left a timer behind");
  }
}

Deno.test("what is pushed before the running code ends is written together", async () => {
  using rig = new Rig();
  rig.writer.wake();
  rig.delta("s", "one ");
  rig.writer.wake();
  rig.delta("s", "two");
  assert.equal(rig.socket.sent.length, 0);
  await settle();
  assert.equal(rig.socket.sent.length, 1);
  assert.equal(rig.taken, 1);
});

Deno.test("while the socket is busy output gathers; when it is free it is written", async () => {
  using rig = new Rig();
  rig.delta("s", "first");
  rig.writer.wake();
  await settle();
  for (const word of ["a", "b", "c"]) {
    rig.delta("s", word);
    rig.writer.wake();
    await settle();
  }
  assert.equal(rig.socket.sent.length, 1);
  assert.equal(rig.writer.idle, false);
  rig.socket.write();
  await rig.clock.tick(1);
  assert.equal(rig.socket.sent.length, 2);
  assert.match(rig.socket.sent[1] ?? "", /"delta":"abc"/);
  rig.socket.write();
  await rig.clock.tick(1);
  assert.equal(rig.writer.idle, true);
  assert.equal(rig.clock.pendingTimers, 0, "nothing is under way: nothing is to be looked at");
});

Deno.test("the socket is given no more once it holds its high water", async () => {
  using rig = new Rig({ highWaterBytes: 1000 });
  for (let count = 0; count < 20; count++) rig.alerts.add(400);
  rig.writer.wake();
  await settle();
  assert.equal(rig.socket.sent.length, 3, "the third one passes it");
  await rig.clock.tick(100);
  assert.equal(rig.socket.sent.length, 3);
  rig.socket.write(1);
  await rig.clock.tick(50);
  assert.equal(rig.socket.sent.length, 4);
});

Deno.test("the high water is in bytes, not in characters", async () => {
  using rig = new Rig({ highWaterBytes: 1000 });
  for (let count = 0; count < 4; count++) rig.outbox.pushMessage("s", message("s", "漢".repeat(70)));
  rig.writer.wake();
  await settle();
  assert.equal(rig.socket.sent.length, 2);
});

Deno.test("each message calls back in its order: when it is sent, and when it is written", async () => {
  using rig = new Rig();
  const heard: string[] = [];
  for (const name of ["a", "b", "c"]) {
    rig.outbox.pushMessage("s", message("s", name), () => heard.push(`sent ${name}`));
  }
  rig.alerts.next = (() => {
    const names = ["x", "y"];
    return () => {
      const name = names.shift();
      return name && { text: `alerts ${name}`, onWritten: () => heard.push(`written ${name}`) };
    };
  })() as typeof rig.alerts.next;
  rig.writer.wake();
  await settle();
  assert.deepEqual(heard, ["sent a", "sent b", "sent c"]);
  rig.socket.write(1);
  await rig.clock.tick(1);
  assert.deepEqual(heard.slice(3), ["written x"]);
  rig.socket.write();
  await rig.clock.tick(5);
  assert.deepEqual(heard.slice(4), ["written y"]);
});

Deno.test("a message that is not written in time breaks it, once", async () => {
  using rig = new Rig({ writeMs: 500 });
  rig.delta("s", "text");
  rig.writer.wake();
  await rig.clock.tick(499);
  assert.deepEqual(rig.broken, []);
  await rig.clock.tick(51); // it looks every 50 ms
  assert.deepEqual(rig.broken, ["a message could not be written within 500 ms"]);
  rig.delta("s", "more");
  rig.writer.wake();
  await rig.clock.tick(5000);
  assert.equal(rig.socket.sent.length, 1, "nothing is written after it");
  assert.equal(rig.broken.length, 1);
});

Deno.test("a line that is slow but gets on is not broken, however much stands in line", async () => {
  using rig = new Rig({ writeMs: 300 });
  for (let count = 0; count < 5; count++) rig.alerts.add(1000);
  rig.writer.wake();
  for (let count = 0; count < 4; count++) {
    await rig.clock.tick(240);
    rig.socket.write(1);
    await rig.clock.tick(51);
  }
  assert.deepEqual(rig.broken, []);
  await rig.clock.tick(350);
  assert.equal(rig.broken.length, 1, "and when it stops it is");
});

Deno.test("a message given after a long silence has its whole time", async () => {
  using rig = new Rig({ writeMs: 100 });
  rig.delta("s", "a");
  rig.writer.wake();
  await settle();
  rig.socket.write();
  await rig.clock.tick(50_000);
  rig.delta("s", "b");
  rig.writer.wake();
  await rig.clock.tick(99);
  assert.deepEqual(rig.broken, []);
});

Deno.test("messages that keep coming do not hide that nothing is written", async () => {
  using rig = new Rig({ writeMs: 20 });
  for (let count = 0; count < 41; count++) {
    rig.outbox.pushMessage("s", message("s", "m"));
    rig.writer.wake();
    await rig.clock.tick(0.5);
  }
  assert.equal(rig.broken.length, 1);
});

Deno.test("a source that throws breaks the connection, not the process", async () => {
  using rig = new Rig();
  rig.alerts.next = () => {
    throw new Error("the disk is gone");
  };
  rig.writer.wake();
  await settle();
  assert.deepEqual(rig.broken, ["cannot write: the disk is gone"]);
});

Deno.test("after it is disposed of, nothing is written and nothing calls back", async () => {
  using rig = new Rig();
  let sent = 0;
  rig.outbox.pushMessage("s", message("s", "a"), () => sent++);
  rig.writer.wake();
  rig.writer[Symbol.dispose]();
  rig.writer.wake();
  await rig.clock.tick(20_000);
  assert.deepEqual([rig.socket.sent.length, sent, rig.broken.length], [0, 0, 0]);
});
