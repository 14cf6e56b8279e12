import assert from "node:assert/strict";
import { cpus } from "node:os";
import { until } from "../fakes/until.ts";
import { SmallDisk } from "../fakes/small_disk.ts";
import { noRedis, RealRedis } from "../fakes/real_redis.ts";
import { ScriptedServer, silent } from "../host/probes/scripted_server.ts";
import { TestAuthority } from "../host/probes/test_authority.ts";
import { Connections, FaultyProgram } from "./host_fault.ts";
import { MachineTurn } from "./machine_turn.ts";
import { QuickClock } from "./quick_clock.ts";
import { type Expected, WatchedHost } from "./watched_host.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const isLinux = Deno.build.os === "linux";

/** The name of a test that may have to be skipped, with why. */
function skippable(name: string, reason: string | undefined): { name: string; ignore: boolean } {
  return { name: reason === undefined ? name : `${name} (skipped: ${reason})`, ignore: reason !== undefined };
}

/** How many connections found an accept queue full since this machine started. */
async function overflows(): Promise<number> {
  const [names, figures] = (await Deno.readTextFile("/proc/net/netstat")).split("\n")
    .filter((line) => line.startsWith("TcpExt:")).map((line) => line.split(" "));
  return Number(figures?.[names?.indexOf("ListenOverflows") ?? -1]);
}

const noMount = await SmallDisk.refusal();
const noMemory = Deno.systemMemoryInfo().available < 5 * GIB
  ? "less than 5 GiB of memory are free"
  : undefined;
const notLinux = isLinux ? undefined : "needs the kernel's files";

Deno.test({
  ...skippable("a busy loop on every processor is an alert, and over when it ends", notLinux),
  async fn() {
    using _turn = await MachineTurn.take();
    // As high as it goes: what else runs on this machine must not be enough.
    await using watched = await WatchedHost.start({
      plugin: "cpu",
      settings: { warn_ge: 98, critical_ge: 99 },
    });
    const expected: Expected = { check: "cpu::cpu_usage", target: "cpu", status: "Critical" };
    await watched.well(expected);
    await using burners = new AsyncDisposableStack();
    const { event } = await watched.raises(expected, () => {
      for (const _ of cpus()) burners.use(FaultyProgram.shell("while :; do :; done"));
    });
    assert.match(event.description, /^processor usage (99\.\d|100\.0) % ≥ 99 %$/);
    await watched.recovers(expected, () => burners.disposeAsync());
  },
});

Deno.test({
  ...skippable("a process that holds 2 GiB is an alert, and over when it ends", notLinux ?? noMemory),
  async fn() {
    using _turn = await MachineTurn.take();
    const { total, available } = Deno.systemMemoryInfo();
    const threshold = Number((100 * (total - available + 1.5 * GIB) / total).toFixed(2));
    await using watched = await WatchedHost.start({
      plugin: "mem",
      settings: { warn_ge: threshold, critical_ge: threshold },
    });
    const expected: Expected = { check: "mem::memory_usage", target: "memory", status: "Critical" };
    await watched.well(expected);
    const code = `const held = new Uint8Array(${2 * GIB}).fill(1); console.log(held.length);
      setInterval(() => held[0], 1e6);`;
    const { fault } = await watched.raises(expected, async () => {
      const hog = FaultyProgram.script(code);
      assert.equal(await hog.said(), String(2 * GIB));
      return hog;
    });
    await watched.recovers(expected, () => fault[Symbol.asyncDispose]());
  },
});

Deno.test({
  ...skippable("a file system that fills up is an alert, and over when there is room again", noMount),
  async fn() {
    await using disk = await SmallDisk.mount(4 * MIB);
    await using watched = await WatchedHost.start({ plugin: "disk" });
    const expected: Expected = { check: "disk::space_usage", target: disk.path, status: "Critical" };
    await watched.well(expected);
    const { event } = await watched.raises(expected, () => disk.fill());
    assert.equal(event.attrs?.["current_value"], "100.0 %");
    await watched.recovers(expected, () => disk.empty());
  },
});

Deno.test({
  ...skippable("500 connections in CLOSE_WAIT are an alert that names who holds them, and over", notLinux),
  async fn() {
    using _turn = await MachineTurn.take();
    await using watched = await WatchedHost.start({ plugin: "tcpstate" });
    const expected: Expected = { check: "tcpstate::close_wait", target: "tcp", status: "Warning" };
    await watched.well(expected);
    const code = `const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" }); const kept = [];
      console.log(listener.addr.port); for await (const one of listener) kept.push(one);`;
    await using server = FaultyProgram.script(code);
    const port = Number(await server.said());
    using clients = new Connections(port, 500);
    const { event } = await watched.raises(expected, () => clients.endAll());
    assert.match(event.attrs?.["held_by"] ?? "", new RegExp(`\\b${server.pid}\\b`));
    await watched.recovers(expected, () => server[Symbol.asyncDispose]());
  },
});

Deno.test({
  ...skippable("zombies are an alert that names their parent, and over when that ends", notLinux),
  async fn() {
    using _turn = await MachineTurn.take();
    await using watched = await WatchedHost.start({ plugin: "zombie", settings: { warn_ge: 5 } });
    const expected: Expected = { check: "zombie::count", target: "processes", status: "Warning" };
    await watched.well(expected);
    const { fault, event } = await watched.raises(
      expected,
      () => FaultyProgram.shell("for n in 1 2 3 4 5 6; do sleep 0.01 & done; exec sleep 300"),
    );
    await using parent = fault;
    assert.match(event.description, new RegExp(`6 of sleep \\(pid ${parent.pid}\\)`));
    await watched.recovers(expected, () => parent[Symbol.asyncDispose]());
  },
});

Deno.test({
  ...skippable(
    "a listener that does not accept is an alert with its port, and over a minute after it ends",
    notLinux,
  ),
  async fn() {
    using _turn = await MachineTurn.take();
    const clock = new QuickClock(10); // the overflows of the last minute count
    const settings = { interval: "20s", timeout: "20s", critical_ge: 0 };
    await using watched = await WatchedHost.start({ plugin: "sockstat", settings, clock });
    const expected: Expected = { check: "sockstat::listen_overflow", target: "tcp", status: "Warning" };
    await watched.well(expected);
    const code = `const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
      console.log(listener.addr.port); setInterval(() => listener.addr, 1e6);`;
    await using server = FaultyProgram.script(code);
    const port = Number(await server.said());
    const overflowing = await watched.raises(expected, async () => {
      const before = await overflows();
      const clients = new Connections(port, 700); // 512 fit into the queue
      await until("the kernel has turned a connection away", async () => await overflows() > before);
      return clients;
    });
    using clients = overflowing.fault;
    assert.match(
      overflowing.event.attrs?.["listeners"] ?? "",
      new RegExp(`127\\.0\\.0\\.1:${port} \\(deno, pid ${server.pid}\\) has \\d+ waiting`),
    );
    await watched.recovers(expected, async () => {
      clients[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    });
  },
});

Deno.test({
  ...skippable(
    "a redis-server that stands still is an alert, and over when it goes on",
    noRedis ? "no redis-server" : undefined,
  ),
  async fn() {
    await using redis = await RealRedis.start();
    const settings = { targets: [redis.target], reply_timeout: "500ms" };
    await using watched = await WatchedHost.start({ plugin: "redis", settings });
    const expected: Expected = { check: "redis::hung", target: redis.target, status: "Critical" };
    await watched.well(expected);
    await watched.raises(expected, () => redis.pause());
    await watched.recovers(expected, () => redis.resume());
  },
});

Deno.test({
  ...skippable(
    "a redis-server that is killed is an alert, and over when there is one again",
    noRedis ? "no redis-server" : undefined,
  ),
  async fn() {
    await using redis = await RealRedis.start();
    await using watched = await WatchedHost.start({ plugin: "redis", settings: { targets: [redis.target] } });
    const expected: Expected = { check: "redis::connectivity", target: redis.target, status: "Critical" };
    await watched.well(expected);
    await watched.raises(expected, () => redis.stop());
    await using after = new AsyncDisposableStack();
    await watched.recovers(expected, async () => {
      after.use(await RealRedis.start({ port: redis.port }));
    });
  },
});

Deno.test("an expired certificate in a file is an alert, and over when it is renewed", async () => {
  await using authority = await TestAuthority.make();
  const path = `${authority.folder}/served.pem`;
  const [good, expired] = [await authority.issue(), await authority.issue({ validSec: [-86_400, -60] })];
  await Deno.writeTextFile(path, good.pem);
  await using watched = await WatchedHost.start({ plugin: "cert", settings: { files: [path] } });
  const expected: Expected = { check: "cert::file_expiry", target: path, status: "Critical" };
  await watched.well(expected);
  const { event } = await watched.raises(expected, () => Deno.writeTextFile(path, expired.pem));
  assert.match(event.attrs?.["current_value"] ?? "", /^expired \d+ min ago$/);
  await watched.recovers(expected, () => Deno.writeTextFile(path, good.pem));
});

Deno.test("a server with an expired certificate is an alert, and over when it shows a new one", async () => {
  await using authority = await TestAuthority.make();
  const [good, expired] = [await authority.issue(), await authority.issue({ validSec: [-86_400, -60] })];
  await using servers = new AsyncDisposableStack();
  let server = new ScriptedServer(silent, good);
  servers.defer(() => server[Symbol.asyncDispose]());
  const { port } = server;
  const show = async (leaf: typeof good) => {
    await server[Symbol.asyncDispose]();
    server = new ScriptedServer(silent, leaf, port);
  };
  const target = `127.0.0.1:${port}`;
  await using watched = await WatchedHost.start({ plugin: "cert", settings: { remotes: [target] } });
  const expected: Expected = { check: "cert::remote_expiry", target, status: "Critical" };
  await watched.well(expected);
  await watched.raises(expected, () => show(expired));
  await watched.recovers(expected, () => show(good));
});
