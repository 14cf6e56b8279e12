import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "../../../lib/clock.ts";
import { type DnsQueryOptions, queryName } from "../../../lib/host/probes/dns_query.ts";
import { encodeQuery, readResponseCode } from "../../../lib/host/probes/dns_response_code.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";
import { until } from "../../fakes/until.ts";
import { a, dnsResponder, failingResponder, nameData, txt } from "./dns_responder.ts";
import { UdpServer } from "./udp_server.ts";

function query(port: number, options: Partial<DnsQueryOptions> & { name: string }) {
  return queryName({
    server: { host: "127.0.0.1", port },
    clock: systemClock,
    signal: new AbortController().signal,
    timeoutMs: 20_000,
    ...options,
  });
}

Deno.test("records are told as text, sorted", async () => {
  await using server = await dnsResponder({
    "shop.test": [a("192.0.2.9"), a("192.0.2.1"), { type: "MX", data: [0, 10, ...nameData("mail.test")] }],
    "text.test": [txt("two ", "parts"), txt("v=spf1")],
    "alias.test": [{ type: "CNAME", data: nameData("shop.test") }],
  });
  const records = async (name: string, type: DnsQueryOptions["type"] = "A") =>
    (await query(server.port, { name, type })).records;
  assert.deepEqual(await records("shop.test"), ["192.0.2.1", "192.0.2.9"]);
  assert.deepEqual(await records("shop.test."), ["192.0.2.1", "192.0.2.9"]);
  assert.deepEqual(await records("shop.test", "MX"), ["10 mail.test."]);
  assert.deepEqual(await records("text.test", "TXT"), ["two parts", "v=spf1"]);
  assert.deepEqual(await records("alias.test", "CNAME"), ["shop.test."]);
});

Deno.test("a name that does not exist, or has no such record, has none", async () => {
  await using server = await dnsResponder({ "shop.test": [a("192.0.2.1")] });
  assert.deepEqual((await query(server.port, { name: "other.test" })).records, []);
  assert.deepEqual((await query(server.port, { name: "shop.test", type: "AAAA" })).records, []);
});

Deno.test("what a server says over TCP tells why there is no record", async () => {
  const cases: [number, string | RegExp][] = [
    [0, "record"],
    [3, "name"],
    [1, "unknown"],
    [2, /SERVFAIL/],
    [5, /REFUSED/],
  ];
  for (const [code, expected] of cases) {
    await using both = await bothResponders(code);
    const { server } = both;
    const asked = query(server.port, { name: "shop.test" });
    if (expected instanceof RegExp) await assert.rejects(asked, expected);
    else assert.equal((await asked).missing, expected);
  }
});

Deno.test("a server that cannot be asked over TCP leaves it unknown", async () => {
  await using server = await failingResponder(2);
  assert.equal((await query(server.port, { name: "shop.test" })).missing, "unknown");
});

/** A responder over UDP and one over TCP on one port: what is free for the one may be taken for the other. */
async function bothResponders(code: number) {
  for (let tries = 0; tries < 20; tries++) {
    const server = await failingResponder(code);
    try {
      const tcp = tcpResponder(server.port, code);
      return {
        server,
        async [Symbol.asyncDispose]() {
          tcp[Symbol.dispose]();
          await server[Symbol.asyncDispose]();
        },
      };
    } catch (error) {
      await server[Symbol.asyncDispose]();
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("no port was free for both");
}

/** Answers every query over TCP with a code and no records. */
function tcpResponder(port: number, code: number): Disposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  (async () => {
    for await (const conn of listener) {
      const buffer = new Uint8Array(512);
      const count = await conn.read(buffer) ?? 0;
      const answer = buffer.slice(0, count);
      answer.set([0x85, code], 4);
      await conn.write(answer);
      conn.close();
    }
  })().catch(() => {});
  return { [Symbol.dispose]: () => listener.close() };
}

Deno.test("whatever the bytes, a response code is read or not", () => {
  const sent = encodeQuery("a.test", 1) ?? new Uint8Array();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    const code = readResponseCode(bytes, sent);
    assert.ok(code === undefined || /^[a-z_]+$/.test(code));
  }));
  fc.assert(fc.property(fc.string(), (name) => {
    const bytes = encodeQuery(name, 1);
    assert.ok(bytes === undefined || bytes.length === 2 + (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0));
  }));
});

Deno.test("a server that says nothing is given up at the deadline", async () => {
  await using server = await UdpServer.listen(() => undefined);
  const clock = new FakeClock();
  const result = assert.rejects(query(server.port, { name: "shop.test", clock, timeoutMs: 5000 }), {
    name: "TimeoutError",
  });
  await until("the question came", () => server.received.length > 0);
  await clock.tick(5000);
  await result;
});
