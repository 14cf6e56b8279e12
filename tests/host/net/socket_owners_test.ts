import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { FixtureFacts } from "../../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../../lib/host/host_facts.ts";
import { findSocketOwners, socketInodesOf } from "../../../lib/host/net/socket_owners.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";

const never = new AbortController().signal;

/** Processes with open sockets, by pid. */
function hostWith(processes: Record<number, { name: string; inodes: number[] }>): FixtureFacts {
  const files: Record<string, string> = { "/proc/stat": "" };
  const links: Record<string, string> = {};
  for (const [pid, { name, inodes }] of Object.entries(processes)) {
    files[`/proc/${pid}/comm`] = `${name}\n`;
    links[`/proc/${pid}/fd/0`] = "/dev/null";
    for (const [index, inode] of inodes.entries()) {
      links[`/proc/${pid}/fd/${index + 3}`] = `socket:[${inode}]`;
    }
  }
  return new FixtureFacts({ files, links });
}

Deno.test("a socket's owner is found; of several, the one with the lowest number", async () => {
  const host = hostWith({
    20: { name: "worker", inodes: [7, 8] },
    9: { name: "master", inodes: [7] },
    30: { name: "other", inodes: [99] },
  });
  const found = await findSocketOwners(host, new Set([7, 8]), { clock: systemClock, signal: never });
  assert.deepEqual([...found.owners], [[7, { pid: 9, program: "master" }], [8, {
    pid: 20,
    program: "worker",
  }]]);
  assert.deepEqual([found.unreadable, found.isComplete], [0, true]);
});

Deno.test("a name that a program gave itself is made fit to be shown", async () => {
  const host = hostWith({ 5: { name: "ev\u001b[31mil\nname", inodes: [7] } });
  const { owners } = await findSocketOwners(host, new Set([7]), { clock: systemClock, signal: never });
  assert.equal(owners.get(7)?.program, "evil name");
});

Deno.test("nothing is looked at where there is nothing to look for", async () => {
  const host = new FixtureFacts(); // lists nothing: would throw
  const found = await findSocketOwners(host, new Set([0]), { clock: systemClock, signal: never });
  assert.deepEqual(found, { owners: new Map(), unreadable: 0, isComplete: true });
});

Deno.test("processes that must not be looked into are counted, and the rest is still found", async () => {
  const host = hostWith({ 5: { name: "secret", inodes: [6] }, 8: { name: "open", inodes: [7] } });
  const list = host.list.bind(host);
  host.list = (path) =>
    path === "/proc/5/fd" ? Promise.reject(new FactUnavailableError("not permitted")) : list(path);
  const found = await findSocketOwners(host, new Set([6, 7]), { clock: systemClock, signal: never });
  assert.deepEqual([...found.owners.keys()], [7]);
  assert.equal(found.unreadable, 1);
});

Deno.test("a process that ends meanwhile is passed over", async () => {
  const host = hostWith({ 5: { name: "gone", inodes: [6] }, 8: { name: "open", inodes: [7] } });
  const link = host.link.bind(host);
  host.link = (path) =>
    path.startsWith("/proc/5/") ? Promise.reject(new Deno.errors.NotFound("ended")) : link(path);
  const found = await findSocketOwners(host, new Set([6, 7]), { clock: systemClock, signal: never });
  assert.deepEqual([[...found.owners.keys()], found.unreadable], [[7], 0]);
});

Deno.test("when the time is up, what was found is the answer, and it says that it is not all", async () => {
  const clock = new FakeClock();
  const host = hostWith({ 5: { name: "first", inodes: [6] }, 8: { name: "second", inodes: [7] } });
  const list = host.list.bind(host);
  host.list = async (path) => {
    if (path === "/proc/5/fd") await clock.tick(3000);
    return await list(path);
  };
  const found = await findSocketOwners(host, new Set([6, 7]), { clock, signal: never, budgetMs: 2000 });
  assert.deepEqual([found.owners.size, found.isComplete], [0, false]);
});

Deno.test("no more processes are looked into than allowed, the likely ones first", async () => {
  const host = hostWith({
    5: { name: "a", inodes: [1] },
    6: { name: "b", inodes: [2] },
    7: { name: "c", inodes: [3] },
  });
  const found = await findSocketOwners(host, new Set([1, 2, 3]), {
    clock: systemClock,
    signal: never,
    likelyPids: [7, 4242],
    maxProcesses: 2,
  });
  assert.deepEqual([[...found.owners.keys()].sort(), found.isComplete], [[1, 3], false]);
});

Deno.test("an aborted search rejects with the signal's reason", async () => {
  const host = hostWith({ 5: { name: "a", inodes: [1] } });
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(findSocketOwners(host, new Set([1]), { clock: systemClock, signal }), /enough/);
});

Deno.test("the sockets of one process", async () => {
  const host = hostWith({ 5: { name: "a", inodes: [1, 2] } });
  assert.deepEqual([...await socketInodesOf(host, 5, never)], [1, 2]);
  await assert.rejects(socketInodesOf(host, 6, never), Deno.errors.NotFound);
});
