import assert from "node:assert/strict";
import fc from "fast-check";
import { TokenBuckets } from "../../lib/local/token_buckets.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { goodEvent, LocalRig, TOKEN } from "./local_rig.ts";

const events = (count: number) => Array.from({ length: count }, () => goodEvent());

Deno.test("events that come too fast are refused with 429 until time has gone by", async () => {
  const clock = new FakeClock();
  await using rig = await LocalRig.start({ clock, eventsPerSec: 10 });
  assert.equal((await rig.post(events(20))).status, 202);
  const refused = await rig.post(events(15));
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  await clock.tick(200);
  const soon = await rig.post(events(15));
  assert.deepEqual([soon.status, soon.headers.get("retry-after")], [429, "2"]);
  assert.match(soon.json.error, /too fast on this connection/);
  await clock.tick(2000);
  assert.equal((await rig.post(events(15))).status, 202);
  assert.equal(rig.port.events.length, 35);
});

Deno.test("a request that no waiting would let through is refused with 413", async () => {
  await using rig = await LocalRig.start({ eventsPerSec: 10 });
  const answer = await rig.post(events(21));
  assert.equal(answer.status, 413);
  assert.match(answer.json.error, /has 21 events, 20 may come at once/);
});

Deno.test("over TCP each connection has a rate of its own", async () => {
  const clock = new FakeClock();
  await using rig = await LocalRig.start({ clock, overTcp: true, eventsPerSec: 10 });
  const body = JSON.stringify(events(20));
  const headers = { authorization: `Bearer ${TOKEN}` };
  const post = (client: Deno.HttpClient) =>
    fetch(`${rig.server.address}/v1/events`, { client, method: "POST", headers, body });
  for (const expected of [[202, 429], [202, 429]]) {
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 1 });
    for (const status of expected) {
      const response = await post(client);
      await response.body?.cancel();
      assert.equal(response.status, status);
    }
  }
});

Deno.test("a bucket lets no more through than its rate and burst, and what it says to wait is enough", () => {
  // The bound on what a bucket lets through, whatever the pattern.
  const calls = fc.array(fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 120 })), { maxLength: 200 });
  fc.assert(fc.property(calls, (pattern) => {
    let nowMs = 0;
    const buckets = new TokenBuckets({ perSec: 50, burst: 100, nowMs: () => nowMs });
    let taken = 0;
    for (const [pauseMs, count] of pattern) {
      nowMs += pauseMs;
      const waitSec = buckets.take("a", count);
      if (waitSec === 0) {
        taken += count;
        assert.ok(taken <= 100 + nowMs / 1000 * 50 + 1e-6);
      } else if (count <= 100) {
        nowMs += waitSec * 1000 + 1e-6; // what it says to wait is enough
        assert.equal(buckets.take("a", count), 0);
        taken += count;
      }
    }
  }));
});

Deno.test("buckets do not touch each other, and only so many are kept", () => {
  let nowMs = 0;
  const buckets = new TokenBuckets({ perSec: 1, burst: 5, nowMs: () => nowMs, maxBuckets: 2 });
  assert.equal(buckets.take("a", 5), 0);
  assert.equal(buckets.take("a", 1), 1);
  assert.equal(buckets.take("b", 5), 0);
  nowMs += 500;
  assert.equal(buckets.take("a", 1), 0.5);
  buckets.take("c", 1); // b was used longest ago
  assert.equal(buckets.take("b", 5), 0);
  assert.throws(() => new TokenBuckets({ perSec: 0, burst: 1, nowMs: () => 0 }), RangeError);
});
