import assert from "node:assert/strict";
import { PROCNUM_CHECK } from "../../lib/checks/procnum.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { gather, makeCheck, refusals } from "./check_rig.ts";

interface Process {
  pid: number;
  name: string;
  exe?: string;
  cmdline?: string;
  state?: string;
}

function hostWith(processes: readonly Process[]): FixtureFacts {
  const files: Record<string, string> = {};
  const links: Record<string, string> = {};
  for (const { pid, name, exe, cmdline = "", state = "S" } of processes) {
    files[`/proc/${pid}/stat`] = `${pid} (${name}) ${state} 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 100 0 0\n`;
    files[`/proc/${pid}/status`] = `Name:\t${name}\nUid:\t0\t0\t0\t0\n`;
    files[`/proc/${pid}/cmdline`] = cmdline;
    if (exe !== undefined) links[`/proc/${pid}/exe`] = exe;
  }
  return new FixtureFacts({ files, links });
}

const HOST = hostWith([
  { pid: 1, name: "systemd", exe: "/usr/lib/systemd/systemd", cmdline: "/sbin/init\0" },
  { pid: 10, name: "nginx", exe: "/usr/sbin/nginx", cmdline: "nginx: master process\0" },
  { pid: 11, name: "nginx", exe: "/usr/sbin/nginx (deleted)", cmdline: "nginx: worker process\0" },
  { pid: 12, name: "nginx", state: "Z" },
  { pid: 13, name: "nginx-exporter", exe: "/opt/nginx-exporter", cmdline: "/opt/nginx-exporter\0--port=9\0" },
  { pid: 14, name: "renamed", exe: "/usr/bin/very-long-program-name" },
  { pid: 15, name: "very-long-progr" },
  { pid: 16, name: "kworker/0:1" },
]);

async function count(match: Record<string, string>, host = HOST): Promise<number | undefined> {
  return (await gather(makeCheck(PROCNUM_CHECK, { match }, { host })))[0]?.value;
}

Deno.test("procnum: a name is the program's or the process's, all of it, and zombies do not run", async () => {
  assert.equal(await count({ name: "nginx" }), 2);
  assert.equal(await count({ name: "nginx-exporter" }), 1);
  assert.equal(await count({ name: "ngin" }), 0);
  assert.equal(await count({ name: "very-long-program-name" }), 2);
});

Deno.test("procnum: where programs are hidden the processes' names have to do", async () => {
  const host = hostWith([{ pid: 1, name: "nginx" }, { pid: 2, name: "other" }]);
  host.link = () => Promise.reject(new FactUnavailableError("cannot read it"));
  assert.equal(await count({ name: "nginx" }, host), 1);
});

Deno.test("procnum: a pattern is for the whole command line, and only what stands in it has a meaning", async () => {
  assert.equal(await count({ cmdline: "nginx: *" }), 2);
  assert.equal(await count({ cmdline: "*--port=?" }), 1);
  assert.equal(await count({ cmdline: "nginx" }), 0);
  assert.equal(await count({ cmdline: "*" }), 4);
});

Deno.test("procnum: a pidfile counts the process it names, and nothing where it is missing or empty", async () => {
  const folder = await Deno.makeTempDir();
  const pidfile = `${folder}/nginx.pid`;
  assert.equal(await count({ pidfile }), 0);
  for (
    const [text, running] of [["10\n", 1], [" 10 ", 1], ["4711\n", 0], ["12\n", 0], ["", 0], [
      "ten",
      0,
    ]] as const
  ) {
    await Deno.writeTextFile(pidfile, text);
    assert.equal(await count({ pidfile }), running, text);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("procnum: too few and too many are told, critical first", async () => {
  const status = async (settings: Record<string, unknown>) => {
    const check = makeCheck(PROCNUM_CHECK, { match: { name: "nginx" }, ...settings }, { host: HOST });
    return (await gather(check))[0]?.status;
  };
  assert.equal(await status({}), "Ok");
  assert.equal(await status({ warn_lt: 3 }), "Warning");
  assert.equal(await status({ warn_lt: 3, critical_lt: 3 }), "Critical");
  assert.equal(await status({ warn_gt: 1 }), "Warning");
  assert.equal(await status({ warn_gt: 1, critical_gt: 1 }), "Critical");
  assert.equal(await status({ warn_gt: 2, critical_gt: 2, warn_lt: 2 }), "Ok");
});

Deno.test("procnum: the finding names what was looked for, and never a pid in its labels", async () => {
  const check = makeCheck(PROCNUM_CHECK, { match: { name: "gone" } }, { host: HOST });
  assert.deepEqual(await gather(check), [{
    labels: { check: "procnum::process_count", target: "gone" },
    status: "Critical",
    description: "0 processes run as gone",
    attrs: { current_value: "0", threshold_desc: "critical < 1" },
    value: 0,
  }]);
});

Deno.test("procnum: exactly one way to tell which processes is taken", () => {
  assert.match(refusals(PROCNUM_CHECK, { match: {} }).join(), /exactly one of name, cmdline and pidfile/);
  assert.match(refusals(PROCNUM_CHECK, { match: { name: "a", cmdline: "b" } }).join(), /exactly one/);
  assert.match(refusals(PROCNUM_CHECK, { match: { name: "/usr/bin/a" } }).join(), /without its folder/);
  assert.match(refusals(PROCNUM_CHECK, {}).join(), /match/);
  assert.deepEqual(refusals(PROCNUM_CHECK, { match: { pidfile: "/run/a.pid" }, critical_lt: 0 }), []);
});
