import assert from "node:assert/strict";
import type { Finding } from "../../lib/checks/check.ts";
import { optionsSchema } from "../../lib/checks/definition.ts";
import { REDIS_CHECK } from "../../lib/checks/redis.ts";
import { systemClock } from "../../lib/clock.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { noRedis, RealRedis } from "../fakes/real_redis.ts";
import { until } from "../fakes/until.ts";
import { answering, readText, ScriptedServer, silent, writeAll } from "../host/probes/scripted_server.ts";
import { found, gather, makeCheck, MapMemory, refusals } from "./check_rig.ts";

const statuses = (findings: readonly Finding[]) =>
  Object.fromEntries(findings.map(({ labels, status }) => [labels.check.replace("redis::", ""), status]));

function checkOf(target: string, settings: Record<string, unknown> = {}) {
  return makeCheck(REDIS_CHECK, { targets: [target], ...settings });
}

Deno.test({
  name: "a Redis that is well is Ok, and only what is on by default is told",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start();
    const findings = await gather(checkOf(redis.target));
    assert.deepEqual(statuses(findings), { connectivity: "Ok", info: "Ok", hung: "Ok" });
    for (const { labels } of findings) assert.equal(labels.target, redis.target);
  },
});

Deno.test({
  name: "a Redis that is stopped and one with another password cannot be used; a password file opens it",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start({ password: "s3cret" });
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, "  s3cret\n");
    const [closed] = await found(checkOf(redis.target), "redis::connectivity");
    assert.equal(closed?.status, "Critical");
    assert.match(closed.description, /NOAUTH/);
    const [wrong] = await found(checkOf(redis.target, { password: "hunter2" }), "redis::connectivity");
    assert.equal(wrong?.status, "Critical");
    assert.ok(!wrong.description.includes("hunter2"));
    const check = checkOf(redis.target, { password_file: file });
    assert.equal(statuses(await gather(check))["connectivity"], "Ok");
    await redis.stop();
    assert.deepEqual(statuses(await gather(check)), { connectivity: "Critical", hung: "Ok" });
    await Deno.remove(file);
  },
});

Deno.test({
  name: "a frozen Redis hangs, and no longer when it goes on",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start();
    const check = checkOf(redis.target, { reply_timeout: "200ms" });
    redis.pause();
    const frozen = await gather(check);
    assert.deepEqual(statuses(frozen), { connectivity: "Ok", hung: "Critical" });
    assert.match(
      frozen[1]?.description ?? "",
      /hangs: it accepts connections, but there was no reply to PING/,
    );
    redis.resume();
    assert.equal(statuses(await gather(checkOf(redis.target)))["hung"], "Ok");
  },
});

Deno.test({
  name: "a replica is behind its master by what the master has written since, and loses it when that stops",
  ignore: noRedis,
  async fn() {
    await using master = await RealRedis.start();
    await using replica = await RealRedis.start({ args: ["--replicaof", "127.0.0.1", String(master.port)] });
    await until(
      "the replica is linked",
      async () => (await replica.cli("INFO")).includes("master_link_status:up"),
    );
    await until("the master sees it", async () => (await master.cli("INFO")).includes("state=online"));
    const settings = {
      expected_role: "master",
      master_link_status: "Critical",
      connected_slaves: { warn_lt: 1, critical_lt: 1 },
      repl_lag: { warn_ge: 10_000, critical_ge: 50_000, warn_ge_seconds: 1 },
    };
    const ofReplica = checkOf(replica.target, settings);
    const ofMaster = checkOf(master.target, settings);
    const well = statuses(await gather(ofMaster));
    assert.deepEqual([well["role"], well["master_link_status"], well["connected_slaves"], well["repl_lag"]], [
      "Ok",
      "Ok",
      "Ok",
      "Ok",
    ]);
    const linked = statuses(await gather(ofReplica));
    assert.deepEqual([linked["role"], linked["master_link_status"], linked["repl_lag"]], [
      "Warning",
      "Ok",
      "Ok",
    ]);
    assert.equal(linked["connected_slaves"], undefined, "a replica is not asked for replicas of its own");

    // A frozen replica falls behind: its master knows by how much.
    replica.pause();
    await master.cli("SET", "large", "x".repeat(100_000));
    const [lag] = await found(ofMaster, "redis::repl_lag");
    assert.equal(lag?.status, "Critical");
    assert.ok((lag.value ?? 0) >= 100_000);
    replica.resume();
    await until(
      "it has caught up",
      async () => (await found(ofReplica, "redis::repl_lag"))[0]?.status === "Ok",
    );

    await master.stop();
    const lost = await until("the replica notices", async () => {
      const findings = await gather(ofReplica);
      return statuses(findings)["master_link_status"] === "Critical" && findings;
    });
    assert.match(
      lost.find(({ labels }) => labels.check.endsWith("link_status"))?.description ?? "",
      /has lost its master/,
    );
    // The master cannot be asked any more: the silence is rated.
    const silence = await until("the silence is a second long", async () => {
      const [finding] = await found(ofReplica, "redis::repl_lag");
      return finding?.status === "Warning" && finding;
    });
    assert.match(silence.attrs.current_value, /^\d+ s$/);
  },
});

Deno.test({
  name: "figures of INFO are rated where they have thresholds",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start({ args: ["--maxmemory", "100mb"] });
    const on = { warn_ge: 1 };
    const findings = await gather(checkOf(redis.target, {
      response_time: { warn_ge: 60_000 },
      connected_clients: on,
      blocked_clients: on,
      used_memory: { critical_ge: 1 },
      used_memory_pct: { warn_ge: 99 },
      instantaneous_ops_per_sec: { warn_ge: 1_000_000 },
      persistence: "Critical",
    }));
    assert.deepEqual(statuses(findings), {
      connectivity: "Ok",
      response_time: "Ok",
      info: "Ok",
      connected_clients: "Warning",
      blocked_clients: "Ok",
      used_memory: "Critical",
      used_memory_pct: "Ok",
      instantaneous_ops_per_sec: "Ok",
      persistence: "Ok",
      hung: "Ok",
    });
  },
});

Deno.test({
  name: "counters are rated by their rise since the last look",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start();
    await redis.cli("SET", "before", "1", "PX", "1");
    await until("it has expired", async () => (await redis.cli("GET", "before")) === "");
    const check = checkOf(redis.target, { expired_keys: { warn_ge: 2 } });
    const [first] = await found(check, "redis::expired_keys");
    assert.equal(first?.value, 0, "what was before the first look does not count");
    for (const key of ["a", "b"]) await redis.cli("SET", key, "1", "PX", "1");
    await until("both have expired", async () => (await redis.cli("MGET", "a", "b")).trim() === "");
    const [second] = await found(check, "redis::expired_keys");
    assert.deepEqual([second?.value, second?.status], [2, "Warning"]);
    const [third] = await found(check, "redis::expired_keys");
    assert.deepEqual([third?.value, third?.status], [0, "Ok"]);
  },
});

Deno.test({
  name: "a cluster without its slots is not in order, and is when it has them",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start({ args: ["--cluster-enabled", "yes"] });
    const check = checkOf(redis.target);
    const empty = await gather(check);
    assert.equal(statuses(empty)["cluster_state"], "Critical");
    assert.equal(statuses(empty)["cluster_topology"], "Warning");
    assert.match(
      empty.find(({ labels }) => labels.check.endsWith("topology"))?.description ?? "",
      /16384 slots/,
    );
    await redis.cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await until("the cluster is in order", async () => {
      const now = statuses(await gather(check));
      return now["cluster_state"] === "Ok" && now["cluster_topology"] === "Ok";
    });
  },
});

Deno.test({
  name: "a user who may not see figures is told of, and connectivity is known all the same",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start();
    await redis.cli("ACL", "SETUSER", "watcher", "on", ">pw", "+ping");
    const findings = await gather(checkOf(redis.target, { username: "watcher", password: "pw" }));
    assert.deepEqual(statuses(findings), { connectivity: "Ok", info: "Warning", hung: "Ok" });
  },
});

Deno.test("what answers but is no Redis cannot be used", async () => {
  await using web = new ScriptedServer(answering("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const findings = await gather(checkOf(`127.0.0.1:${web.port}`));
  assert.equal(statuses(findings)["connectivity"], "Critical");
});

Deno.test("a Redis that still loads its data cannot be used", async () => {
  await using server = new ScriptedServer(async (conn) => {
    for (;;) {
      const text = await readText(conn);
      if (text === "") return;
      await writeAll(conn, "-LOADING Redis is loading the dataset in memory\r\n");
    }
  });
  const [finding] = await found(checkOf(`127.0.0.1:${server.port}`), "redis::connectivity");
  assert.equal(finding?.status, "Critical");
  assert.match(finding.description, /loading/);
});

Deno.test("an abort ends a gather that waits, with nothing left open", async () => {
  await using server = new ScriptedServer(silent);
  const stop = new AbortController();
  const gathering = checkOf(`127.0.0.1:${server.port}`).gather(stop.signal);
  await until("it has connected", () => server.connections === 1);
  stop.abort(new DOMException("the deadline", "TimeoutError"));
  await assert.rejects(gathering, /the deadline/);
});

Deno.test("a password file that is not there is a failure that names it", async () => {
  await assert.rejects(
    gather(checkOf("127.0.0.1:1", { password_file: "/nonexistent/pw" })),
    /cannot read \/nonexistent\/pw/,
  );
});

Deno.test("options that contradict one another, and addresses that are none, are refused", () => {
  const make = (settings: Record<string, unknown>) => () => checkOf("127.0.0.1:1", settings);
  assert.throws(make({ password: "a", password_file: "/b" }), /keep one/);
  assert.throws(make({ username: "a" }), /no password/);
  assert.throws(make({ ca_file: "/b" }), /tls is off/);
  for (const target of ["", "a b", "x:99999", "unix://relative", "udp://x:1"]) {
    assert.equal(refusals(REDIS_CHECK, { targets: [target] }).length > 0, true, target);
  }
  assert.deepEqual(
    refusals(REDIS_CHECK, { targets: ["[::1]:6380", "redis.internal", "unix:///run/r.sock"] }),
    [],
  );
});

Deno.test("every target is a check of its own, and says what it needs", () => {
  const settings = optionsSchema(REDIS_CHECK).parse({
    targets: ["a:1", "unix:///run/r.sock"],
    password_file: "/pw",
  });
  const seams = { host: new FixtureFacts(), clock: systemClock, memory: new MapMemory() };
  assert.deepEqual(REDIS_CHECK.make(settings, seams).map(({ target }) => target), [
    "a:1",
    "unix:///run/r.sock",
  ]);
  assert.deepEqual(REDIS_CHECK.needs(settings), [
    { net: "a:1" },
    { net: "unix:/run/r.sock" },
    { read: "/run/r.sock" },
    { write: "/run/r.sock" },
    { read: "/pw" },
  ]);
});
