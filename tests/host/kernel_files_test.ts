import assert from "node:assert/strict";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { openHost } from "../../lib/host/open_host.ts";
import { ProcfsFacts } from "../../lib/host/procfs.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";

/** A tree of the kernel's files, made up for one test. */
async function tree(files: Record<string, string>) {
  const folder = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(`${folder}${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(folder + path, text);
  }
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

function factsIn(folder: string, clock = new FakeClock()): ProcfsFacts {
  const fallback = new FixtureFacts({ hostname: "from-the-runtime" });
  return new ProcfsFacts({ procfs: `${folder}/proc`, sysfs: `${folder}/sys`, fallback, clock });
}

Deno.test("links within the tree are followed, as sysfs is full of them; links out of it are not", async () => {
  await using made = await tree({
    "/sys/devices/eth0/operstate": "up\n",
    "/proc/stat": "x",
    "/outside": "secret",
  });
  const { folder } = made;
  await Deno.mkdir(`${folder}/sys/class/net`, { recursive: true });
  await Deno.symlink("../../devices/eth0", `${folder}/sys/class/net/eth0`);
  await Deno.symlink("../../../outside", `${folder}/sys/class/net/relative`);
  await Deno.symlink(`${folder}/outside`, `${folder}/sys/class/net/absolute`);
  await Deno.symlink(`${folder}`, `${folder}/proc/folder`);
  const host = factsIn(folder);
  assert.equal(await host.text("/sys/class/net/eth0/operstate"), "up\n");
  assert.deepEqual(await host.list("/sys/class/net/eth0"), ["operstate"]);
  for (const path of ["/sys/class/net/relative", "/sys/class/net/absolute", "/proc/folder/outside"]) {
    await assert.rejects(host.text(path), /is a link that leads out of/);
  }
  await assert.rejects(host.list("/proc/folder"), /is a link that leads out of/);
});

Deno.test("a root that is itself a link is a root", async () => {
  await using made = await tree({ "/real/proc/stat": "x", "/real/sys/class/a": "b" });
  await Deno.symlink("real/proc", `${made.folder}/proc`);
  await Deno.symlink("real/sys", `${made.folder}/sys`);
  assert.equal(await factsIn(made.folder).text("/proc/stat"), "x");
});

Deno.test("a mount that is missing is no kernel without files", async () => {
  await using made = await tree({ "/proc/stat": "cpu 1 2 3 4\n" });
  const host = factsIn(made.folder);
  await assert.rejects(host.text("/proc/net/netstat"), Deno.errors.NotFound);
  await assert.rejects(host.text("/sys/class/net/eth0/mtu"), {
    name: "FactUnavailableError",
    message: /there is no \/sys mounted at .*\/sys; set \[host\] sysfs to a bind mount/,
  });
  await Deno.mkdir(`${made.folder}/sys`);
  await assert.rejects(host.text("/sys/class/net/eth0/mtu"), { name: "FactUnavailableError" });
  await Deno.mkdir(`${made.folder}/sys/class`);
  await assert.rejects(host.text("/sys/class/net/eth0/mtu"), Deno.errors.NotFound);
});

Deno.test("the network of a mounted /proc is that of the host's first process", async () => {
  await using made = await tree({
    "/proc/1/net/dev": "the host's",
    "/proc/net/dev": "mine",
    "/proc/net/arp": "only mine",
  });
  const host = factsIn(made.folder);
  assert.equal(await host.text("/proc/net/dev"), "the host's");
  assert.equal(await host.text("/proc/net/arp"), "only mine");
  await assert.rejects(host.text("/proc/net/tcp"), Deno.errors.NotFound);
});

Deno.test("a figure whose file is missing comes from the runtime, one whose file is no kernel's is a failure", async () => {
  await using made = await tree({ "/proc/meminfo": "nothing of use\n", "/proc/uptime": "x\n" });
  const host = factsIn(made.folder);
  await assert.rejects(host.cpuTimes(), /processor times: it was not recorded/); // the fallback's own words
  await assert.rejects(host.memory(), /its text is not what a kernel writes/);
  await assert.rejects(host.uptimeSec(), /its text is not what a kernel writes/);
  assert.equal(host.hostname(), "from-the-runtime");
});

Deno.test({
  name: "a file that does not answer is given up at the deadline, and read but once however many wait",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using made = await tree({ "/proc/stat": "x" });
    const fifo = `${made.folder}/proc/stuck`;
    await new Deno.Command("mkfifo", { args: [fifo] }).output();
    const clock = new FakeClock();
    const host = factsIn(made.folder, clock);
    const waiting = [1, 2].map(() => assert.rejects(host.text("/proc/stuck"), { name: "TimeoutError" }));
    await clock.tick(5000);
    await Promise.all(waiting);
    const late = host.text("/proc/stuck"); // joins what is under way still
    let settled = false;
    late.finally(() => settled = true);
    const writer = await Deno.open(fifo, { write: true });
    await writer.write(new TextEncoder().encode("at last"));
    writer.close();
    await until("the reader has come back", () => settled);
    assert.equal(await late, "at last");
    assert.equal(clock.pendingTimers, 0);
  },
});

Deno.test("roots that are configured are taken, whatever this process may read otherwise", async () => {
  await using made = await tree({ "/proc/uptime": "77.00 1.00\n", "/sys/class/x": "y" });
  const host = await openHost({ procfs: `${made.folder}/proc`, sysfs: `${made.folder}/sys` });
  assert.equal(await host.uptimeSec(), 77);
  assert.equal(await host.text("/sys/class/x"), "y");
});
