import assert from "node:assert/strict";
import { LineWriter } from "../../../lib/alerts/notifiers/line_writer.ts";
import { TransientSendError } from "../../../lib/alerts/notifiers/sender.ts";
import { settle } from "../../fakes/fake_clock.ts";

const forever = new AbortController().signal;

/** Writes that end when the test says so. */
class SlowWrites {
  readonly lines: string[] = [];
  readonly #ends: PromiseWithResolvers<void>[] = [];
  readonly writer = new LineWriter((lines) => {
    this.lines.push(lines);
    const end = Promise.withResolvers<void>();
    this.#ends.push(end);
    return end.promise;
  });

  end(error?: Error): void {
    const [next] = this.#ends.splice(0, 1);
    assert.ok(next, "no write is under way");
    if (error) next.reject(error);
    else next.resolve();
  }

  /** A write that the caller gives up at once. */
  async abandoned(lines: string): Promise<void> {
    const stop = new AbortController();
    const writing = this.writer.write(lines, stop.signal);
    const reason = new Error("enough");
    stop.abort(reason);
    await assert.rejects(writing, reason);
  }
}

Deno.test("a write that was given up is waited for, and the same lines are not written twice", async () => {
  const slow = new SlowWrites();
  await slow.abandoned("a\n");
  await slow.abandoned("a\n");
  const again = slow.writer.write("a\n", forever);
  await settle();
  assert.deepEqual(slow.lines, ["a\n"]);
  slow.end();
  await again;
  const next = slow.writer.write("a\n", forever); // another event that reads the same
  slow.end();
  await next;
  assert.deepEqual(slow.lines, ["a\n", "a\n"]);
});

Deno.test("nothing is written into the middle of a write that was given up", async () => {
  const slow = new SlowWrites();
  await slow.abandoned("a\n");
  const next = slow.writer.write("b\n", forever);
  await settle();
  assert.deepEqual(slow.lines, ["a\n"]);
  slow.end();
  await settle();
  assert.deepEqual(slow.lines, ["a\n", "b\n"]);
  slow.end();
  await next;
});

Deno.test("a write that fails may be tried again", async () => {
  const slow = new SlowWrites();
  const cause = new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
  const failing = slow.writer.write("a\n", forever);
  slow.end(cause);
  await assert.rejects(failing, (error: Error) => {
    assert.ok(error instanceof TransientSendError);
    assert.match(error.message, /^cannot write the event: Broken pipe/);
    return error.cause === cause;
  });
  const again = slow.writer.write("a\n", forever);
  assert.deepEqual(slow.lines, ["a\n", "a\n"]);
  slow.end();
  await again;
});

Deno.test("a given-up write that then fails is told to whoever writes next, and to nobody else", async () => {
  const slow = new SlowWrites();
  await slow.abandoned("a\n");
  slow.end(new Error("gone"));
  await settle();
  await assert.rejects(slow.writer.write("a\n", forever), TransientSendError);
  const again = slow.writer.write("a\n", forever);
  slow.end();
  await again;
  assert.deepEqual(slow.lines, ["a\n", "a\n"]);
});
