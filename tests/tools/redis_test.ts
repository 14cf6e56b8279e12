import assert from "node:assert/strict";
import { redisTools } from "../../lib/tools/redis.ts";
import { noRedis, RealRedis } from "../fakes/real_redis.ts";
import { until } from "../fakes/until.ts";
import { isPlainJson, runTool } from "./service_tool_rig.ts";

Deno.test({
  name: "every asking tool answers from a real Redis, in text and in plain data",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start();
    const tools = redisTools();
    const target = redis.target;
    for (
      const [name, expected] of [
        ["redis_info", /redis_version +\d/],
        ["redis_slowlog", /slow/],
        ["redis_client_list", /1 clients, 1 shown\n.*client\|list|1 clients, 1 shown\n/],
        ["redis_config_get", /maxmemory +0/],
        ["redis_latency", /PING 10 times: median [\d.]+ ms/],
        ["redis_memory_analysis", /no limit, policy noeviction\nused +[\d.]+ [KM]iB/],
        ["redis_bigkeys_scan", /0 of 0 keys measured \(all that fit\)/],
      ] as const
    ) {
      const { text, data } = await runTool(tools, name, { target });
      assert.match(text, expected, name);
      assert.ok(isPlainJson(data), name);
      assert.equal(data["target"], target);
    }
    await assert.rejects(runTool(tools, "redis_cluster_info", { target }), /cluster support disabled/);
  },
});

Deno.test({
  name: "passwords are masked in settings, and values are kept out of the slow log",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start({ args: ["--slowlog-log-slower-than", "0"] });
    await redis.cli("CONFIG", "SET", "masterauth", "hunter2secret");
    await redis.cli("SET", "session:1", "hunter2secret");
    await redis.cli("ACL", "SETUSER", "bob", "on", ">hunter2secret");
    const tools = redisTools();
    const settings = await runTool(tools, "redis_config_get", { target: redis.target, pattern: "*" });
    assert.match(settings.text, /^masterauth +\*\*\*$/m);
    const slow = await runTool(tools, "redis_slowlog", { target: redis.target, count: "100" });
    assert.match(slow.text, /SET session:1 \(1 more arguments\)/);
    for (const { text, data } of [settings, slow]) {
      assert.ok(!text.includes("hunter2secret") && !JSON.stringify(data).includes("hunter2secret"));
    }
  },
});

Deno.test({
  name: "the largest keys are found among a bounded sample, whatever bytes their names have",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start();
    await redis.cli(
      "EVAL",
      "for i=1,300 do redis.call('SET', 'k'..i, i) end redis.call('SET', 'big'..string.char(0xff), string.rep('x', 50000)) redis.call('RPUSH', 'list', unpack({1,2,3}))",
      "0",
    );
    const tools = redisTools();
    const { text, data } = await runTool(tools, "redis_bigkeys_scan", {
      target: redis.target,
      sample_keys: 1000,
      topn: 3,
    });
    assert.match(text, /302 of 302 keys measured \(all that fit\)/);
    assert.match(text.split("\n")[2] ?? "", /\d+\.\d KiB +string +big\ufffd/);
    assert.equal((data["keys"] as unknown[]).length, 3);
    const sample = await runTool(tools, "redis_bigkeys_scan", { target: redis.target, sample_keys: 10 });
    assert.match(sample.text, /10 of 302 keys measured \(a sample\)/);
    const matched = await runTool(tools, "redis_bigkeys_scan", { target: redis.target, match: "li*" });
    assert.match(matched.text, /1 of 302 keys measured \(all that fit\)[^]*list +list/);
  },
});

Deno.test({
  name: "a configured instance is spoken to with its credentials, and by default",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start({ password: "s3cret" });
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, "s3cret\n");
    const tools = redisTools({ instances: [{ target: redis.target, passwordFile: file }] });
    assert.match(
      (await runTool(tools, "redis_info", { target: redis.target, section: "server" })).text,
      /tcp_port/,
    );
    assert.match(
      (await runTool(tools, "redis_info", { section: "server" })).text,
      new RegExp(`tcp_port +${redis.port}`),
    );
    await assert.rejects(runTool(redisTools(), "redis_info", { target: redis.target }), { code: "NOAUTH" });
    await Deno.remove(file);
  },
});

Deno.test("nobody but configured instances and this host's ports is spoken to", async () => {
  const tools = redisTools({ instances: [{ target: "10.9.8.7:6379" }] });
  for (
    const target of [
      "10.9.8.8:6379",
      "example.com",
      "unix:///run/docker.sock",
      "169.254.169.254:80",
      "[fe80::1]:6379",
    ]
  ) {
    await assert.rejects(
      runTool(tools, "redis_info", { target }),
      /neither configured nor on this host/,
      target,
    );
  }
  await assert.rejects(runTool(tools, "redis_info", { target: "no address" }), /no address/);
  await assert.rejects(
    runTool(tools, "redis_config_get", { target: "127.0.0.1:1", pattern: "a\r\nFLUSHALL" }),
    { name: "$ZodError" },
  );
});

Deno.test({
  name: "a peer is asked only when the target itself names it, and only what is on the list",
  ignore: noRedis,
  async fn() {
    await using master = await RealRedis.start();
    await using replica = await RealRedis.start({ args: ["--replicaof", "127.0.0.1", String(master.port)] });
    await using other = await RealRedis.start();
    await until("the master sees it", async () => (await master.cli("INFO")).includes("state=online"));
    const tools = redisTools();
    const ask = (target: string, peer: string, command = "role") =>
      runTool(tools, "redis_query_peer", { target, peer, command });
    assert.match((await ask(master.target, replica.target)).text, /role\nslave\n127\.0\.0\.1/);
    assert.match((await ask(replica.target, master.target)).text, /role\nmaster/);
    await assert.rejects(ask(master.target, other.target), /does not name it; it names 127\.0\.0\.1:\d+$/);
    await assert.rejects(ask(master.target, replica.target, "flushall"), { name: "$ZodError" });
    await assert.rejects(ask(master.target, "169.254.169.254:80"), /link-local/);
  },
});

Deno.test({
  name: "a real Sentinel tells what it watches, and that its master is down",
  ignore: noRedis,
  async fn() {
    await using master = await RealRedis.start();
    await using sentinel = await RealRedis.start({
      sentinel:
        `sentinel monitor main 127.0.0.1 ${master.port} 1\nsentinel down-after-milliseconds main 200\n`,
    });
    const tools = redisTools();
    const { target } = sentinel;
    const overview = await runTool(tools, "sentinel_overview", { target });
    assert.match(
      overview.text,
      /1 masters, 0 down\n.*\nmain +127\.0\.0\.1:\d+ +master +0 +0 +1 +OK 1 usable/,
    );
    assert.match(
      (await runTool(tools, "sentinel_master_health", { target, master: "main" })).text,
      /: up\nquorum check +OK/,
    );
    assert.match((await runTool(tools, "sentinel_replicas", { target, master: "main" })).text, /no replicas/);
    assert.match(
      (await runTool(tools, "sentinel_sentinels", { target, master: "main" })).text,
      /no other Sentinels/,
    );
    assert.match((await runTool(tools, "sentinel_info", { target })).text, /sentinel_masters +1/);
    await assert.rejects(runTool(tools, "sentinel_replicas", { target, master: "nobody" }), /No such master/);
    await master.stop();
    const down = await until("it notices", async () => {
      const output = await runTool(tools, "sentinel_master_health", { target, master: "main" });
      return output.data["verdict"] === "down" && output;
    });
    assert.ok(isPlainJson(down.data));
    assert.match((await runTool(tools, "sentinel_overview", { target })).text, /1 masters, 1 down/);
  },
});
