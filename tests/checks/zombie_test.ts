import assert from "node:assert/strict";
import { ZOMBIE_CHECK } from "../../lib/checks/zombie.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { ProcfsFacts } from "../../lib/host/procfs.ts";
import { RuntimeFacts } from "../../lib/host/runtime.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { gather, makeCheck } from "./check_rig.ts";

interface Process {
  pid: number;
  ppid: number;
  name: string;
  state: string;
  start?: number;
}

function files(processes: readonly Process[]): Record<string, string> {
  return Object.fromEntries(processes.map(({ pid, ppid, name, state, start = 100 }) => [
    `/proc/${pid}/stat`,
    `${pid} (${name}) ${state} ${ppid} 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 ${start} 0 0\n`,
  ]));
}

const PARENTS: Process[] = [
  { pid: 10, ppid: 1, name: "cron", state: "S" },
  { pid: 20, ppid: 1, name: "sh", state: "S" },
];
const zombie = (pid: number, ppid: number, start = 100): Process => ({
  pid,
  ppid,
  name: "x",
  state: "Z",
  start,
});

Deno.test("zombie: those that stay are counted, and their parents named", async () => {
  const clock = new FakeClock();
  const host = new FixtureFacts({
    files: files([...PARENTS, zombie(31, 10), zombie(32, 10), zombie(33, 20)]),
  });
  const check = makeCheck(ZOMBIE_CHECK, {}, { host, clock });
  const first = gather(check);
  await clock.tick(500);
  const [finding] = await first;
  assert.deepEqual(finding?.labels, { check: "zombie::count", target: "processes" });
  assert.equal(finding?.status, "Warning");
  assert.equal(finding?.description, "zombie processes: 3 ≥ 1, 2 of cron (pid 10), 1 of sh (pid 20)");
  host.facts = { files: files(PARENTS) };
  const [over] = await gather(check);
  assert.deepEqual([over?.status, over?.value], ["Ok", 0]);
});

Deno.test("zombie: one that is gone at the next look, or another under its number, is none that stays", async () => {
  const clock = new FakeClock();
  const host = new FixtureFacts({ files: files([...PARENTS, zombie(31, 10)]) });
  const check = makeCheck(ZOMBIE_CHECK, {}, { host, clock });
  const first = gather(check);
  await clock.tick(400);
  host.facts = { files: files([...PARENTS, zombie(31, 10, 200), zombie(32, 10)]) };
  await clock.tick(100);
  assert.equal((await first)[0]?.value, 0);
  assert.equal((await gather(check))[0]?.value, 2);
});

Deno.test("zombie: without any the first gather does not wait, and an aborted one leaves no timer", async () => {
  const clock = new FakeClock();
  const host = new FixtureFacts({ files: files(PARENTS) });
  assert.equal((await gather(makeCheck(ZOMBIE_CHECK, {}, { host, clock })))[0]?.value, 0);
  host.facts = { files: files([...PARENTS, zombie(31, 10)]) };
  const abort = new AbortController();
  const aborted = assert.rejects(makeCheck(ZOMBIE_CHECK, {}, { host, clock }).gather(abort.signal), /enough/);
  await clock.tick(100);
  abort.abort(new Error("enough"));
  await aborted;
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("zombie: where the processes cannot be seen it is unavailable", async () => {
  const check = makeCheck(ZOMBIE_CHECK, {}, { host: new FixtureFacts() });
  await assert.rejects(gather(check), FactUnavailableError);
});

Deno.test({
  name: "zombie: a real one is found, and its parent by name",
  ignore: Deno.build.os !== "linux",
  async fn() {
    // The shell becomes a sleep, which waits for no child.
    const parent = new Deno.Command("/bin/sh", { args: ["-c", "true & exec sleep 300"] }).spawn();
    try {
      const host = new ProcfsFacts({ fallback: new RuntimeFacts() });
      // Whatever else lies about on this machine is none of the test's business.
      const children = async () =>
        (await host.text(`/proc/${parent.pid}/task/${parent.pid}/children`)).split(" ").filter(Boolean);
      host.list = async () => [String(parent.pid), ...await children()];
      const check = makeCheck(ZOMBIE_CHECK, {}, { host });
      const finding = await until("the zombie is found", async () => {
        const [one] = await gather(check);
        return one?.detail?.includes(`of sleep (pid ${parent.pid})`) && one;
      });
      assert.notEqual(finding.status, "Ok");
    } finally {
      parent.kill("SIGKILL");
      await parent.status;
    }
  },
});
