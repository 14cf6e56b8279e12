import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { RedisClient, RedisReplyError } from "../../../lib/host/probes/redis.ts";
import { parseRedisAddress } from "../../../lib/host/probes/service_places.ts";
import { noRedis, RealRedis } from "../../fakes/real_redis.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";
import { until } from "../../fakes/until.ts";
import { answering, readText, ScriptedServer, silent, writeAll } from "./scripted_server.ts";
import { TestAuthority } from "./test_authority.ts";

const never = new AbortController().signal;
const clock = systemClock;
const at = (port: number) => ({ transport: "tcp" as const, host: "127.0.0.1", port });

Deno.test({
  name: "a real Redis answers, refuses and authenticates",
  ignore: noRedis,
  async fn() {
    await using redis = await RealRedis.start({ password: "s3cret" });
    await using socketless = await RealRedis.start();
    const address = at(redis.port);
    using stranger = await RedisClient.open({ address, clock }, never);
    await assert.rejects(stranger.call(["PING"], never), { name: "RedisReplyError", code: "NOAUTH" });
    await assert.rejects(RedisClient.open({ address, clock, password: "wrong" }, never), (error: Error) => {
      assert.ok(error instanceof RedisReplyError);
      assert.equal(error.code, "WRONGPASS");
      assert.ok(!error.message.includes("wrong"));
      return true;
    });
    using known = await RedisClient.open({ address, clock, username: "default", password: "s3cret" }, never);
    assert.equal(await known.call(["PING"], never), "PONG");
    assert.match(await known.text(["INFO", "server"], never), /redis_version:/);
    using other = await RedisClient.open({ address: at(socketless.port), clock }, never);
    assert.equal(await other.text(["ECHO", "ä\r\n"], never), "ä\r\n");
  },
});

Deno.test({
  name: "a real Redis answers on a unix socket",
  ignore: noRedis,
  async fn() {
    const folder = await Deno.makeTempDir();
    {
      await using _redis = await RealRedis.start({ args: ["--unixsocket", `${folder}/redis.sock`] });
      const address = parseRedisAddress(`unix://${folder}/redis.sock`);
      assert.ok(address);
      using client = await RedisClient.open({ address, clock }, never);
      assert.equal(await client.call(["PING"], never), "PONG");
    }
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("TLS is spoken, and an unknown authority is refused", async () => {
  await using authority = await TestAuthority.make();
  const certificate = await authority.issue();
  await using server = new ScriptedServer(answering("+PONG\r\n"), certificate);
  const tls = { caCerts: [authority.rootPem] };
  using client = await RedisClient.open({ address: at(server.port), clock, tls }, never);
  assert.equal(await client.call(["PING"], never), "PONG");
  await assert.rejects(
    RedisClient.open({ address: at(server.port), clock, tls: {} }, never),
    /cannot connect/,
  );
});

Deno.test("a silent peer times out at each phase, and is let go of", async () => {
  const fake = new FakeClock();
  await using server = new ScriptedServer(silent);
  using client = await RedisClient.open({ address: at(server.port), clock: fake, replyMs: 2000 }, never);
  const reply = client.call(["PING"], never);
  const refused = assert.rejects(reply, {
    name: "TimeoutError",
    message: /no reply to PING from .* after 2000 ms/,
  });
  await fake.tick(2000);
  await refused;
  assert.equal(fake.pendingTimers, 0);
});

Deno.test("a TLS handshake that does not come to an end times out", async () => {
  const fake = new FakeClock();
  await using server = new ScriptedServer(silent);
  const opening = RedisClient.open(
    { address: at(server.port), clock: fake, tls: {}, connectMs: 1000 },
    never,
  );
  const refused = assert.rejects(opening, { name: "TimeoutError" });
  await until("it has connected", () => server.connections === 1);
  await fake.tick(1000);
  await refused;
});

Deno.test("an abort ends a call at once, with its own reason", async () => {
  await using server = new ScriptedServer(silent);
  const stop = new AbortController();
  using client = await RedisClient.open({ address: at(server.port), clock }, stop.signal);
  const refused = assert.rejects(client.call(["PING"], stop.signal), /enough/);
  stop.abort(new Error("enough"));
  await refused;
  await assert.rejects(RedisClient.open({ address: at(server.port), clock }, stop.signal), /enough/);
});

Deno.test("a peer that speaks something else, or leaves, is told of in words", async () => {
  await using web = new ScriptedServer(answering("HTTP/1.1 400 Bad Request\r\n\r\n"));
  using talker = await RedisClient.open({ address: at(web.port), clock }, never);
  await assert.rejects(talker.call(["PING"], never), /this is no Redis/);
  await using leaver = new ScriptedServer(async (conn) => void await readText(conn));
  using left = await RedisClient.open({ address: at(leaver.port), clock }, never);
  await assert.rejects(left.call(["PING"], never), /the connection was closed/);
});

Deno.test("a reply that never ends is cut off at the cap", async () => {
  await using server = new ScriptedServer(async (conn) => {
    await readText(conn);
    for (;;) await writeAll(conn, "*1000\r\n" + `$1000\r\n${"x".repeat(1000)}\r\n`.repeat(100));
  });
  using client = await RedisClient.open({ address: at(server.port), clock }, never);
  await assert.rejects(client.call(["KEYS", "*"], never), /deeper|larger than 1048576 bytes/);
});

Deno.test("an error's text is one line without control characters", async () => {
  await using server = new ScriptedServer(answering("-ERR \u001b[31mred\u0007 and more\r\n"));
  using client = await RedisClient.open({ address: at(server.port), clock }, never);
  await assert.rejects(client.call(["PING"], never), { message: /refused PING: ERR red and more$/ });
});
