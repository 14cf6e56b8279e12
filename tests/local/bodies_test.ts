import assert from "node:assert/strict";
import fc from "fast-check";
import { BodyReader } from "../../lib/local/body_reader.ts";
import { HttpError } from "../../lib/local/http_error.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { exchange, goodEvent, LocalRig } from "./local_rig.ts";

const head = (length: number) =>
  `POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`;

Deno.test("a body of exactly 8 MiB is read", async () => {
  await using rig = await LocalRig.start();
  const event = JSON.stringify(goodEvent());
  const answer = await rig.post(event + " ".repeat(8 * 1024 * 1024 - event.length));
  assert.deepEqual([answer.status, rig.port.events.length], [202, 1]);
});

Deno.test("a body that says it is longer is refused with 413 before any of it is sent", async () => {
  await using rig = await LocalRig.start();
  using connection = await rig.connect();
  const answer = await exchange(connection, head(8 * 1024 * 1024 + 1));
  assert.match(answer, /^HTTP\/1\.1 413 /);
  assert.match(answer, /longer than 8388608 bytes/);
});

Deno.test("a body that does not say how long it is is refused with 413 once it is too long", async () => {
  await using rig = await LocalRig.start({ maxBodyBytes: 100_000 });
  let sentBytes = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sentBytes += 10_000;
      controller.enqueue(new Uint8Array(10_000));
    },
  });
  const answer = await rig.post(endless);
  assert.equal(answer.status, 413);
  assert.ok(sentBytes < 10_000_000, `${sentBytes} bytes were taken`);
});

Deno.test("a client that does not send its body in time is answered with 408", async () => {
  const clock = new FakeClock();
  await using rig = await LocalRig.start({ clock });
  using connection = await rig.connect();
  const answer = exchange(connection, `${head(50)}[`);
  await until("the server waits for the body", () => clock.pendingTimers > 0);
  await clock.tick(29_999);
  assert.equal(clock.pendingTimers, 1);
  await clock.tick(1);
  assert.match(await answer, /^HTTP\/1\.1 408 [\s\S]*within 30 s/);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("only so many requests are at work at once; health and status answer all the same", async () => {
  const clock = new FakeClock();
  await using rig = await LocalRig.start({ clock, maxRequests: 2 });
  using slow = await rig.connect();
  using slower = await rig.connect();
  const first = exchange(slow, `${head(2)}[`);
  const second = exchange(slower, `${head(2)}[`);
  await until("both are being read", () => clock.pendingTimers === 2);
  const third = await rig.post([]);
  assert.deepEqual([third.status, third.headers.get("retry-after")], [503, "1"]);
  for (const path of ["/livez", "/readyz", "/metrics", "/v1/status"]) {
    assert.equal((await rig.fetch(path)).status, 200, path);
  }
  await slow.write(new TextEncoder().encode("]"));
  assert.match(await first, /^HTTP\/1\.1 202 /);
  assert.equal((await rig.post([])).status, 202);
  await slower.write(new TextEncoder().encode("]"));
  assert.match(await second, /^HTTP\/1\.1 202 /);
});

/** A request whose body comes when the test sends it. */
function arriving(): { request: Request; send(text: string): void; end(): void } {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  return {
    request: new Request("http://localhost/", { method: "POST", body: readable }),
    send: (text) => void writer.write(new TextEncoder().encode(text)).catch(() => {}),
    end: () => void writer.close(),
  };
}

Deno.test("all bodies together are bounded, and what one held is free when it has been read", async () => {
  const bodies = new BodyReader({
    maxBytes: 80_000,
    maxTotalBytes: 100_000,
    deadlineMs: 1000,
    clock: new FakeClock(),
  });
  const { signal } = new AbortController();
  const first = arriving();
  const reading = bodies.read(first.request, signal);
  first.send("x".repeat(60_000));
  await until("it has arrived", () => bodies.heldBytes >= 60_000);
  const second = arriving();
  second.send("y".repeat(50_000));
  await assert.rejects(
    bodies.read(second.request, signal),
    (error) => error instanceof HttpError && error.status === 503 && error.headers["retry-after"] === "1",
  );
  first.send("z");
  first.end();
  assert.equal((await reading).bytes, 60_001);
  assert.equal(bodies.heldBytes, 0);
});

Deno.test("a body that comes in pieces is put together as it was", async () => {
  const bodies = new BodyReader({
    maxBytes: 1_000_000,
    maxTotalBytes: 1_000_000,
    deadlineMs: 1000,
    clock: new FakeClock(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40_000 })), async (pieces) => {
      const whole = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer()).map((byte) =>
        byte & 127
      );
      const ends = pieces.map(({ length }) => length).reduce<number[]>(
        (sums, n) => [...sums, (sums.at(-1) ?? 0) + n],
        [],
      );
      const body = ReadableStream.from(ends.map((end, index) => whole.slice(ends[index - 1] ?? 0, end)));
      const request = new Request("http://localhost/", { method: "POST", body });
      const { text, bytes } = await bodies.read(request, new AbortController().signal);
      assert.equal(bytes, whole.length);
      assert.equal(text, new TextDecoder().decode(whole));
      assert.equal(bodies.heldBytes, 0);
    }),
    { numRuns: 50 },
  );
});

Deno.test("a client that hangs up in the middle of its body leaves nothing behind", async () => {
  const clock = new FakeClock();
  await using rig = await LocalRig.start({ clock, maxRequests: 1 });
  const gone = await rig.connect();
  await gone.write(new TextEncoder().encode(`${head(50)}[`));
  await until("the body is being read", () => clock.pendingTimers === 1);
  gone.close();
  await until("its place is free", () => clock.pendingTimers === 0);
  assert.equal((await rig.post(goodEvent())).status, 202);
});
