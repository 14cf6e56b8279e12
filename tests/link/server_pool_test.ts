import assert from "node:assert/strict";
import { Backoff } from "../../lib/link/backoff.ts";
import type { ConnectionEnd } from "../../lib/link/connection_end.ts";
import { ServerPool } from "../../lib/link/server_pool.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { SeededRandom } from "../fakes/seeded_random.ts";

const [A, B, C] = ["a", "b", "c"].map((name) => new URL(`wss://${name}`)) as [URL, URL, URL];
const lost: ConnectionEnd = { kind: "lost", reason: "cut" };
const refused: ConnectionEnd = { kind: "dial_failed", reason: "refused" };

/** A pool without spread, so that waits are round figures. */
class Rig {
  readonly clock = new FakeClock();
  readonly pool: ServerPool;

  constructor(urls: readonly URL[], first?: URL, random: () => number = () => 0.5) {
    this.pool = new ServerPool({
      urls,
      backoff: new Backoff({ spread: 0 }),
      clock: this.clock,
      random,
      first,
    });
  }

  /** Dials; after `livedMs` it ends so. Gives who was dialled and the wait in seconds, and waits that long. */
  async life(
    end: ConnectionEnd,
    livedMs = 0,
    registered = livedMs > 0,
  ): Promise<[string, number | undefined]> {
    const { hostname } = this.pool.begin();
    await this.clock.tick(livedMs);
    const delayMs = this.pool.after({ end, registered });
    await this.clock.tick(delayMs ?? 0);
    return [hostname, delayMs === undefined ? undefined : delayMs / 1000];
  }
}

const HOUR_MS = 3_600_000;

Deno.test("with one server the waits are the backoff's", async () => {
  const rig = new Rig([A]);
  const waits = [];
  for (let count = 0; count < 5; count++) waits.push((await rig.life(refused))[1]);
  assert.deepEqual(waits, [1, 2, 4, 8, 16]);
  assert.deepEqual(await rig.life(lost, HOUR_MS), ["a", 1]);
  assert.deepEqual(await rig.life({ kind: "unauthorized", reason: "401" }), ["a", 60]);
  assert.deepEqual(await rig.life({ kind: "stopped" }), ["a", undefined]);
});

Deno.test("a server that fails is left for the next a second later, and not for longer than its own ladder says", async () => {
  const rig = new Rig([A, B], A);
  assert.deepEqual(await rig.life(refused), ["a", 1]);
  assert.deepEqual(await rig.life(refused), ["b", 1]);
  const dialled = [];
  for (let count = 0; count < 8; count++) dialled.push(await rig.life(refused));
  // Each climbs its own ladder: both are dialled, ever more seldom.
  assert.deepEqual(new Set(dialled.map(([host]) => host)), new Set(["a", "b"]));
  assert.ok((dialled.at(-1)?.[1] ?? 0) >= 8, JSON.stringify(dialled));
});

Deno.test("the server that works is kept to when it loses a connection, and when others have come back", async () => {
  const rig = new Rig([A, B], A);
  await rig.life(refused);
  for (let count = 0; count < 5; count++) assert.deepEqual(await rig.life(lost, HOUR_MS), ["b", 1]);
});

Deno.test("a server that was lost and does not come back is left for another", async () => {
  const rig = new Rig([A, B], A);
  assert.deepEqual(await rig.life(lost, HOUR_MS), ["a", 1]);
  assert.deepEqual(await rig.life(refused), ["a", 1]);
  assert.equal(rig.pool.next, B);
});

Deno.test("a server that sends everybody away is left for another at once, for as long as it asked", async () => {
  const rig = new Rig([A, B], A);
  const away: ConnectionEnd = { kind: "disconnected", reason: "maintenance", retryAfterSec: 600 };
  assert.deepEqual(await rig.life(away, HOUR_MS), ["a", 1]);
  assert.deepEqual(await rig.life(refused), ["b", 1]);
  for (let count = 0; count < 5; count++) assert.equal((await rig.life(refused))[0], "b");
});

Deno.test("a server that registers everybody and soon loses them is not preferred for it", async () => {
  const rig = new Rig([A, B], A);
  assert.deepEqual(await rig.life(lost, 500), ["a", 1]);
  assert.deepEqual(await rig.life(lost, 500), ["a", 1]);
  assert.equal(rig.pool.next, B);
});

Deno.test("a machine that slept dials the same server at once", async () => {
  const rig = new Rig([A, B, C], B);
  assert.deepEqual(await rig.life({ kind: "suspended", sleptSec: 900 }, 500), ["b", 0]);
  assert.equal(rig.pool.next, B);
});

Deno.test("a fleet spreads over equals, and over those that are left when one fails", () => {
  const seeded = new SeededRandom(7);
  const random = () => seeded.next();
  const first = new Map<string, number>();
  const second = new Map<string, number>();
  const count = (counts: Map<string, number>, { hostname }: URL) =>
    counts.set(hostname, (counts.get(hostname) ?? 0) + 1);
  for (let agent = 0; agent < 3000; agent++) {
    const { pool } = new Rig([A, B, C], undefined, random);
    count(first, pool.begin());
    if (pool.next !== A) continue;
    pool.after({ end: refused, registered: false });
    count(second, pool.next);
  }
  for (const host of ["a", "b", "c"]) assert.ok((first.get(host) ?? 0) > 850, JSON.stringify([...first]));
  assert.equal(second.get("a"), undefined);
  for (const host of ["b", "c"]) assert.ok((second.get(host) ?? 0) > 350, JSON.stringify([...second]));
});
