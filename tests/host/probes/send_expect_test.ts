import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { type Endpoint, readEndpoint } from "../../../lib/host/probes/endpoint.ts";
import {
  MAX_REPLY_BYTES,
  probeEndpoint,
  type SendExpectOptions,
} from "../../../lib/host/probes/send_expect.ts";
import { FakeClock, settle } from "../../fakes/fake_clock.ts";
import { until } from "../../fakes/until.ts";
import { readText, ScriptedServer, silent, writeAll } from "./scripted_server.ts";
import { UdpServer } from "./udp_server.ts";

function endpoint(text: string): Endpoint {
  const reading = readEndpoint(text);
  if ("problem" in reading) throw new Error(reading.problem);
  return reading.endpoint;
}

function probe(text: string, options: Partial<SendExpectOptions> = {}) {
  return probeEndpoint({
    endpoint: endpoint(text),
    clock: systemClock,
    signal: new AbortController().signal,
    timeoutMs: 20_000,
    ...options,
  });
}

Deno.test("being connected will do where nothing is expected", async () => {
  await using server = new ScriptedServer(silent);
  const result = await probe(`tcp://127.0.0.1:${server.port}`);
  assert.deepEqual([result.asExpected, result.peerAddress, result.reply], [true, "127.0.0.1", ""]);
  assert.equal(result.totalMs, result.connectMs);
  await until("the server saw it", () => server.connections === 1);
});

Deno.test("a name is looked up", async () => {
  await using server = new ScriptedServer(silent);
  assert.equal((await probe(`localhost:${server.port}`)).peerAddress, "127.0.0.1");
});

Deno.test("the answer is awaited until it has what is expected, however it is cut", async () => {
  await using server = new ScriptedServer(async (conn, server) => {
    const asked = await readText(conn);
    for (const part of ["+PO", "NG ", asked]) await writeAll(conn, part);
    await server.ended;
  });
  const result = await probe(`127.0.0.1:${server.port}`, { send: "PING\r\n", expect: "PONG PING" });
  assert.equal(result.asExpected, true);
});

Deno.test("an answer that is not as expected is told when it ends, or is too long", async () => {
  await using closing = new ScriptedServer((conn) => writeAll(conn, "no"));
  const short = await probe(`127.0.0.1:${closing.port}`, { expect: "yes" });
  assert.deepEqual([short.asExpected, short.reply], [false, "no"]);
  await using pouring = new ScriptedServer(async (conn) => {
    for (;;) await writeAll(conn, "x".repeat(5000));
  });
  const long = await probe(`127.0.0.1:${pouring.port}`, { expect: "yes" });
  assert.deepEqual([long.asExpected, long.reply.length], [false, MAX_REPLY_BYTES]);
});

Deno.test("a port where nothing listens is refused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await assert.rejects(probe(`127.0.0.1:${port}`), { code: "ECONNREFUSED" });
});

Deno.test("a unix socket is connected to like a port", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await assert.rejects(probe(`unix://${folder}/s`), { code: "ENOENT" });
    const listener = Deno.listen({ transport: "unix", path: `${folder}/s` });
    const served = listener.accept().then(async (conn) => {
      await writeAll(conn, "hello");
      conn.close();
    });
    assert.equal((await probe(`unix://${folder}/s`, { expect: "hello" })).asExpected, true);
    await served;
    listener.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("datagrams are answered by whom they were sent to", async () => {
  await using server = await UdpServer.listen((datagram) => new Uint8Array([...datagram, 33]));
  const result = await probe(`udp://127.0.0.1:${server.port}`, { send: "hey", expect: "hey!" });
  assert.deepEqual([result.asExpected, result.reply, result.peerAddress], [true, "hey!", "127.0.0.1"]);
  assert.equal(
    (await probe(`udp://127.0.0.1:${server.port}`, { send: "hey", expect: "ho" })).asExpected,
    false,
  );
});

for (
  const [what, options] of [["whole probe", { timeoutMs: 4000 }], ["answer", {
    readTimeoutMs: 4000,
  }]] as const
) {
  Deno.test(`a peer that says nothing is given up at the deadline of the ${what}`, async () => {
    await using server = new ScriptedServer(silent);
    const clock = new FakeClock();
    const asking = { clock, timeoutMs: 60_000, expect: "x", ...options };
    const result = assert.rejects(probe(`127.0.0.1:${server.port}`, asking), {
      name: "TimeoutError",
      message: "no answer within 4 s",
    });
    await until("the server was reached", () => server.open === 1);
    // Both deadlines have to be set: the answer's begins once this end is connected, too.
    await until("the deadlines run", () => clock.pendingTimers === ("readTimeoutMs" in options ? 2 : 1));
    await settle();
    await clock.tick(4000);
    await result;
    assert.equal(clock.pendingTimers, 0);
  });
}

Deno.test("datagrams without an answer are given up at the deadline", async () => {
  await using server = await UdpServer.listen(() => undefined);
  const clock = new FakeClock();
  const options = { clock, send: "x", timeoutMs: 4000 };
  const result = assert.rejects(probe(`udp://127.0.0.1:${server.port}`, options), { name: "TimeoutError" });
  await until("the datagram came", () => server.received.length === 1);
  await clock.tick(4000);
  await result;
});

Deno.test("an aborted signal ends it before and while it connects", async () => {
  const stop = new AbortController();
  await using server = new ScriptedServer(silent);
  const running = assert.rejects(
    probe(`127.0.0.1:${server.port}`, { expect: "x", signal: stop.signal }),
    /enough/,
  );
  await until("the server was reached", () => server.open === 1);
  stop.abort(new Error("enough"));
  await running;
  await assert.rejects(probe(`127.0.0.1:${server.port}`, { signal: stop.signal }), /enough/);
});

Deno.test("guarded probes refuse link-local and metadata addresses before anything is connected", async () => {
  for (const target of ["169.254.169.254:80", "[fe80::1]:80", "[fd00:ec2::254]:80", "udp://169.254.1.1:53"]) {
    await assert.rejects(probe(target, { guarded: true, send: "x" }), { name: "GuardedAddressError" });
  }
});
