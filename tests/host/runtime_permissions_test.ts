import assert from "node:assert/strict";

const NO_NET_DEV =
  "FactUnavailableError: cannot read /proc/net/dev: the sandbox does not open the kernel's files; set [host] procfs " +
  "to a bind mount of /proc that the process may read, e.g. -v /proc:/host/proc:ro or " +
  "BindReadOnlyPaths=/proc:/host/proc";

/** Asks every fact in a process with these permissions and no others. */
async function ask(...permissions: string[]): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--no-check", ...permissions, "tests/host/ask_facts.ts"],
    cwd: new URL("../../", import.meta.url),
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("without permissions every fact says what would unlock it", async () => {
  const no = (fact: string, grants: string) =>
    `FactUnavailableError: cannot ${fact}: not permitted; allow it with ${grants}`;
  assert.deepEqual(await ask(), {
    hostname: no("read the host's name", "--allow-sys=hostname"),
    ip: no("read the host's address", "--allow-sys=networkInterfaces"),
    cpuTimes: no("read processor times", "--allow-sys=cpus"),
    memory: no("read memory", "--allow-sys=systemMemoryInfo"),
    loadAverages: no("read load averages", "--allow-sys=loadavg"),
    interfaces: no("read network interfaces", "--allow-sys=networkInterfaces"),
    uptime: no("read the host's uptime", "--allow-sys=osUptime"),
    pressure: no("read /proc/pressure/cpu", "--allow-read=/proc/pressure"),
    netDev: NO_NET_DEV,
    root: no("ask the file system of /", "--allow-sys=statfs --allow-read=/etc/hostname"),
    tmp: no("ask the file system of /tmp", "--allow-sys=statfs --allow-read=/tmp"),
  });
});

Deno.test("the grants that the messages name unlock the facts, and nothing more is needed", async () => {
  const sys = "hostname,networkInterfaces,cpus,systemMemoryInfo,loadavg,statfs,osUptime";
  const answers = await ask(`--allow-sys=${sys}`, "--allow-read=/etc/hostname,/proc/pressure");
  const { tmp, netDev, ...others } = answers;
  assert.equal(netDev, NO_NET_DEV);
  assert.deepEqual([...new Set(Object.values(others))], ["ok"]);
  assert.match(tmp ?? "", /--allow-read=\/tmp$/);
});
