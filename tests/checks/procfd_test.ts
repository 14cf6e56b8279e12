import assert from "node:assert/strict";
import { PROCFD_CHECK } from "../../lib/checks/procfd.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { ProcfsFacts } from "../../lib/host/procfs.ts";
import { RuntimeFacts } from "../../lib/host/runtime.ts";
import { parseProcessLimits, softLimit } from "../../lib/host/process/process_limits.ts";
import { parseProcessStatus, statusField } from "../../lib/host/process/process_status.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { recordedText } from "../host/fixture_tree.ts";
import { gather, makeCheck } from "./check_rig.ts";

interface Process {
  pid: number;
  name: string;
  open: number;
  limit: number | "unlimited";
  places?: number;
}

/** A host with these processes; those of others may not be looked into. */
function hostWith(processes: readonly Process[], others: readonly number[] = []) {
  const files: Record<string, string> = {};
  const links: Record<string, string> = {};
  for (const { pid, name, open, limit, places = 256 } of processes) {
    files[`/proc/${pid}/status`] = `Name:\t${name}\nFDSize:\t${places}\nVmSize:\t100 kB\n`;
    files[`/proc/${pid}/limits`] =
      `Max open files            ${limit}                 4096                 files     \n`;
    for (let fd = 0; fd < open; fd++) links[`/proc/${pid}/fd/${fd}`] = "/dev/null";
  }
  const host = new FixtureFacts({ files, links });
  const list = host.list.bind(host);
  const listed: string[] = [];
  host.list = (path) => {
    listed.push(path);
    const refused = others.some((pid) => path === `/proc/${pid}/fd`);
    return refused ? Promise.reject(new FactUnavailableError("cannot read it: not ours")) : list(path);
  };
  return { host, counted: () => listed.filter((path) => path.endsWith("/fd")) };
}

Deno.test("procfd: the process that has used most of its own limit stands for all", async () => {
  const { host } = hostWith([
    { pid: 1, name: "init", open: 50, limit: 1024 },
    { pid: 7, name: "nginx", open: 95, limit: 100 },
    { pid: 9, name: "squid", open: 60, limit: 100 },
    { pid: 8, name: "free", open: 250, limit: "unlimited" },
  ]);
  const [finding] = await gather(makeCheck(PROCFD_CHECK, {}, { host }));
  assert.deepEqual(finding?.labels, { check: "procfd::fd_usage", target: "processes" });
  assert.equal(finding?.status, "Critical");
  assert.equal(finding?.description, "open files of nginx (pid 7) 95.0 % ≥ 90 %");
  assert.equal(finding?.detail, "nginx (pid 7) 95 of 100; squid (pid 9) 60 of 100");
});

Deno.test("procfd: processes that cannot be worse than the worst found are not counted", async () => {
  const idle = Array.from({ length: 20 }, (_, index) => ({
    pid: 100 + index,
    name: "idle",
    open: 3,
    limit: 1_000_000,
    places: 64,
  }));
  const busy = [1, 2, 3].map((pid) => ({ pid, name: "busy", open: 40, limit: 100, places: 64 }));
  const { host, counted } = hostWith([...idle, ...busy]);
  const [finding] = await gather(makeCheck(PROCFD_CHECK, {}, { host }));
  assert.equal(finding?.value, 40);
  assert.equal(counted().length, 3);
});

Deno.test("procfd: what has no files is left alone for a minute; another process under its number is found then, or at once where it was seen to go", async () => {
  const clock = new FakeClock();
  const { host } = hostWith([{ pid: 1, name: "init", open: 10, limit: 100 }]);
  const { files = {}, links = {} } = host.facts;
  const thread = (pid: number) => ({ [`/proc/${pid}/status`]: "Name:\tkworker\nFDSize:\t64\n" });
  const busy = hostWith([{ pid: 5, name: "busy", open: 90, limit: 100 }]).host.facts;
  const withThread = { files: { ...files, ...thread(5), ...thread(6) }, links };
  const withBusy = { files: { ...files, ...thread(6), ...busy.files }, links: { ...links, ...busy.links } };
  const check = makeCheck(PROCFD_CHECK, {}, { host, clock });
  const look = async (facts: typeof host.facts) => {
    host.facts = facts;
    const [finding] = await gather(check);
    await clock.tick(10_000);
    return finding?.value;
  };
  assert.equal(await look(withThread), 10);
  assert.equal(await look(withBusy), 10);
  await clock.tick(40_000);
  assert.equal(await look(withBusy), 90);
  assert.equal(await look(withThread), 10);
  assert.equal(await look({ files, links }), 10);
  assert.equal(await look(withBusy), 90);
});

Deno.test("procfd: processes of others are left out, and said to be; nothing but those is unavailable", async () => {
  const processes: Process[] = [
    { pid: 1, name: "root's", open: 100, limit: 100 },
    { pid: 2, name: "mine", open: 10, limit: 100 },
  ];
  const [finding] = await gather(makeCheck(PROCFD_CHECK, {}, { host: hostWith(processes, [1]).host }));
  assert.equal(finding?.value, 10);
  assert.match(finding?.detail ?? "", /1 of others could not be looked at/);
  const check = makeCheck(PROCFD_CHECK, {}, { host: hostWith(processes, [1, 2]).host });
  await assert.rejects(gather(check), FactUnavailableError);
});

Deno.test("procfd: a process that ends while it is looked at is no failure", async () => {
  const { host } = hostWith([
    { pid: 1, name: "stays", open: 10, limit: 100 },
    { pid: 2, name: "ends", open: 99, limit: 100 },
  ]);
  const list = host.list;
  host.list = (path) => path === "/proc/2/fd" ? Promise.reject(new Deno.errors.NotFound("gone")) : list(path);
  assert.equal((await gather(makeCheck(PROCFD_CHECK, {}, { host })))[0]?.value, 10);
});

Deno.test({
  name: "procfd: a real process that has opened nearly all it may is named",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const script = 'ulimit -n 40; for i in 3 4 5 6 7 8 9; do eval "exec $i</dev/null"; done; ' +
      "exec 20</dev/null 21</dev/null 22</dev/null 23</dev/null 24</dev/null 25</dev/null 26</dev/null " +
      "27</dev/null 28</dev/null 29</dev/null 30</dev/null 31</dev/null 32</dev/null 33</dev/null 34</dev/null " +
      "35</dev/null 36</dev/null 37</dev/null 38</dev/null 39</dev/null 10</dev/null 11</dev/null 12</dev/null " +
      "13</dev/null 14</dev/null 15</dev/null 16</dev/null 17</dev/null; echo ready; exec cat";
    const child = new Deno.Command("/bin/bash", { args: ["-c", script], stdin: "piped", stdout: "piped" })
      .spawn();
    try {
      const output = child.stdout.getReader();
      await output.read();
      const host = new ProcfsFacts({ fallback: new RuntimeFacts() });
      const list = host.list.bind(host);
      // Whatever else runs on this machine may be worse.
      host.list = (path) => path === "/proc" ? Promise.resolve([String(child.pid)]) : list(path);
      const [finding] = await gather(makeCheck(PROCFD_CHECK, {}, { host }));
      assert.equal(finding?.status, "Critical");
      assert.match(finding?.description ?? "", new RegExp(`\\(pid ${child.pid}\\)`));
      await child.stdin.close();
      while (!(await output.read()).done);
    } finally {
      await child.status;
    }
  },
});

Deno.test("one field of status and one limit are read as all of them are", () => {
  const status = recordedText("debian_6", "/proc/1200/status");
  const all = parseProcessStatus(status);
  assert.equal(statusField(status, "Name"), all.name);
  assert.equal(statusField(status, "FDSize"), String(all.fdPlaces));
  assert.equal(statusField(status, "Size"), undefined);
  assert.equal(statusField(status.trimEnd(), "nonvoluntary_ctxt_switches"), String(all.involuntarySwitches));
  const limits = recordedText("debian_6", "/proc/1200/limits");
  for (const [name, { soft }] of parseProcessLimits(limits)) {
    assert.equal(softLimit(limits, name), soft, name);
  }
  assert.equal(softLimit(limits, "Max nothing"), undefined);
});
