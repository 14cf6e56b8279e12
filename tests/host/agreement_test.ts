/** What the checks say, beside what other programs say of the same machine at the same moment. */
import assert from "node:assert/strict";
import { cpus } from "node:os";
import type { Finding } from "../../lib/checks/check.ts";
import { configuredChecks } from "../../lib/checks/configured.ts";
import { systemClock } from "../../lib/clock.ts";
import { checkEntries } from "../../lib/config/check_entries.ts";
import { checkSchema } from "../../lib/config/check_schema.ts";
import { openHost } from "../../lib/host/open_host.ts";
import { Connections, FaultyProgram } from "../faults/host_fault.ts";
import { until } from "../fakes/until.ts";

const ignore = Deno.build.os !== "linux";

/** What a program prints, line by line. */
async function said(program: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await new Deno.Command(program, { args, env: { LC_ALL: "C" } }).output();
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

/** One look at this host: what is found, by the label `check`. */
async function look(plugin: string, settings: Record<string, unknown> = {}): Promise<Map<string, Finding>> {
  const host = await openHost();
  const configured = checkEntries(checkSchema().parse({ [plugin]: [settings] }));
  const checks = configuredChecks(configured, { host, clock: systemClock });
  const found = await Promise.all(checks.map(({ check }) => check.gather(new AbortController().signal)));
  return new Map(found.flat().map((finding) => [finding.labels.check, finding]));
}

function assertNear(ours: number | undefined, theirs: number, tolerance: number, what: string): void {
  assert(Number.isFinite(theirs), `${what}: nothing to compare with`);
  assert(ours !== undefined && Math.abs(ours - theirs) <= tolerance, `${what}: ${ours}, not ${theirs}`);
}

Deno.test({
  name: "memory usage is what free says, within 3 percent points",
  ignore,
  async fn() {
    const [found, lines] = await Promise.all([look("mem"), said("free", "-b")]);
    const figures = (name: string) =>
      lines.find((line) => line.startsWith(name))?.split(/\s+/).map(Number) ?? [];
    const [, total = NaN, , , , , available = NaN] = figures("Mem:");
    const percent = 100 * (total - available) / total;
    assertNear(found.get("mem::memory_usage")?.value, percent, 3, "memory usage");
    const [, swap = NaN, swapUsed = NaN] = figures("Swap:");
    if (swap === 0) assert.equal(found.get("mem::swap_usage"), undefined);
    else assertNear(found.get("mem::swap_usage")?.value, 100 * swapUsed / swap, 3, "swap usage");
  },
});

Deno.test({
  name: "space and inodes are what df says, within 1 percent point",
  ignore,
  async fn() {
    const [found, lines] = await Promise.all([
      look("disk", { mount_points: ["/"] }),
      said("df", "--output=pcent,ipcent", "/"),
    ]);
    const [space = NaN, inodes = NaN] = (lines[1] ?? "").replaceAll("%", "").trim().split(/\s+/).map(Number);
    // df rounds up.
    assertNear(found.get("disk::space_usage")?.value, space, 1, "space");
    assertNear(found.get("disk::inode_usage")?.value, inodes, 1, "inodes");
  },
});

Deno.test({
  name: "the load is what uptime says, within 0.2, and so is the time since the start, within a minute",
  ignore,
  async fn() {
    const [load, up, [line = ""], [since = ""]] = await Promise.all([
      look("cpu"),
      openHost().then((host) => host.uptimeSec()),
      said("uptime"),
      said("uptime", "-s"),
    ]);
    const five = Number(/load average: [\d.]+, ([\d.]+)/.exec(line)?.[1]);
    assertNear((load.get("cpu::load_average")?.value ?? NaN) * cpus().length, five, 0.2, "load");
    const theirs = (Date.now() - new Date(since.replace(" ", "T")).getTime()) / 1000;
    assertNear(up, theirs, 60, "uptime");
  },
});

Deno.test({
  name: "processor usage is what /proc/stat says around the same moment, within 20 percent points",
  ignore,
  async fn() {
    const ticks = async () => {
      const [line = ""] = await said("head", "-1", "/proc/stat");
      const [user = NaN, nice = 0, system = 0, idle = 0, wait = 0, ...rest] = line.split(/\s+/).slice(1).map(
        Number,
      );
      const busy = user + nice + system + rest.slice(0, 3).reduce((sum, each) => sum + each, 0);
      return { busy, all: busy + idle + wait };
    };
    const before = await ticks();
    const found = await look("cpu"); // a first look measures by itself
    const after = await ticks();
    const percent = 100 * (after.busy - before.busy) / (after.all - before.all);
    assertNear(found.get("cpu::cpu_usage")?.value, percent, 20, "processor usage");
  },
});

Deno.test({
  name:
    "connections in CLOSE_WAIT are those that ss lists, within 20 that come and go; ss -s agrees on TIME_WAIT",
  ignore,
  async fn() {
    const code = `const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" }); const kept = [];
      console.log(listener.addr.port); for await (const one of listener) kept.push(one);`;
    await using server = FaultyProgram.script(code);
    const port = await server.said();
    using clients = new Connections(Number(port), 150);
    await clients.endAll();
    const listed = (...filter: string[]) =>
      said("ss", "-tanH", "state", "close-wait", ...filter).then((lines) => lines.filter(Boolean).length);
    await until("all have got there", async () => await listed("sport", "=", `:${port}`) === 150);
    const [found, theirs, summary] = await Promise.all([look("tcpstate"), listed(), said("ss", "-s")]);
    assertNear(found.get("tcpstate::close_wait")?.value, theirs, 20, "CLOSE_WAIT");
    const timeWait = Number(/timewait (\d+)/.exec(summary.join(" "))?.[1]);
    // Those of other tests end in between.
    assertNear(found.get("tcpstate::time_wait")?.value, timeWait, 50 + timeWait / 4, "TIME_WAIT");
  },
});

Deno.test({
  name:
    "processes by name are those that pgrep counts, exactly, and open files what file-nr says, within a tenth",
  ignore,
  async fn() {
    const mine = `sleep 300.${Deno.pid}`;
    await using three = new AsyncDisposableStack();
    for (let count = 0; count < 3; count++) {
      const program = three.use(FaultyProgram.shell(`echo; exec ${mine}`));
      await program.said();
    }
    const theirs = async () => Number((await said("pgrep", "-fc", `^${mine}$`))[0]);
    await until("all three have become what they are to be", async () => await theirs() === 3);
    const found = await look("procnum", { match: { cmdline: mine } });
    assert.equal(found.get("procnum::process_count")?.value, 3);
    const [files, [line = ""]] = await Promise.all([look("filefd"), said("cat", "/proc/sys/fs/file-nr")]);
    const [used = NaN, , max = NaN] = line.split(/\s+/).map(Number);
    const percent = 100 * used / max;
    assertNear(files.get("filefd::filefd_usage")?.value, percent, percent / 10, "open files");
  },
});
