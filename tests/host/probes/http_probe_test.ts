import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { headerOf } from "../../../lib/host/probes/http_answer.ts";
import { type HttpProbeOptions, probeHttp } from "../../../lib/host/probes/http_probe.ts";
import { UntrustedCertificateError } from "../../../lib/host/probes/tls_stream.ts";
import { FakeClock, settle } from "../../fakes/fake_clock.ts";
import { until } from "../../fakes/until.ts";
import { answering, readText, type Script, ScriptedServer, silent, writeAll } from "./scripted_server.ts";
import { TestAuthority } from "./test_authority.ts";

function probe(url: string, options: Partial<HttpProbeOptions> = {}) {
  return probeHttp({
    url: new URL(url),
    clock: systemClock,
    signal: new AbortController().signal,
    timeoutMs: 20_000,
    ...options,
  });
}

const at = (server: ScriptedServer, path = "/") => `http://127.0.0.1:${server.port}${path}`;

Deno.test("an answer is read with its head, body and phases", async () => {
  await using server = new ScriptedServer(
    answering("HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhelloEXTRA"),
  );
  const { head, body, phases, totalMs, peerAddress, truncated } = await probe(at(server));
  assert.equal(head.status, 200);
  assert.equal(head.statusText, "Fine");
  assert.equal(headerOf(head, "x-a"), "1, 2");
  assert.equal(new TextDecoder().decode(body), "hello");
  assert.equal(truncated, false);
  assert.equal(peerAddress, "127.0.0.1");
  assert.ok(
    phases.connectedMs <= phases.headMs && phases.headMs <= phases.doneMs && phases.doneMs <= totalMs,
  );
});

Deno.test("the request is one of HTTP/1.1, with the headers and the body that were asked for", async () => {
  let request = "";
  await using server = new ScriptedServer(async (conn) => {
    request = await readText(conn);
    while (!request.endsWith("söß")) request += await readText(conn);
    await writeAll(conn, "HTTP/1.1 204 No Content\r\n\r\n");
  });
  const headers = { Host: "shop.example", "X-Key": "k", "Content-Length": "1", Connection: "keep-alive" };
  await probe(at(server, "/a?b=c"), { method: "post", headers, body: "söß" });
  assert.match(request, /^POST \/a\?b=c HTTP\/1\.1\r\n/);
  assert.match(request, /\r\nHost: shop\.example\r\n/);
  assert.match(request, /\r\nX-Key: k\r\n/);
  assert.match(request, /\r\nConnection: close\r\n/);
  assert.match(request, /\r\nContent-Length: 5\r\n/);
  assert.equal(request.match(/content-length|host:|connection/gi)?.length, 3);
});

Deno.test("a header that would break out of its line is refused, untold", async () => {
  await using server = new ScriptedServer(silent);
  await assert.rejects(
    probe(at(server), { headers: { "X-Key": "secret\r\nX-Other: 1" } }),
    (error: Error) => {
      assert.match(error.message, /"X-Key": it is malformed/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    },
  );
  assert.equal(server.open, 0);
});

Deno.test("bodies come chunked, up to the connection's end, or not at all", async () => {
  const cases: [string, string, string?][] = [
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
      "abc0123456789",
    ],
    ["HTTP/1.0 200 OK\r\n\r\nuntil the end", "until the end"],
    ["HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "ok"],
    [
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      "ok",
    ],
    ["HTTP/1.1 304 Same\r\nContent-Length: 20\r\n\r\n", ""],
    ["HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n", "", "HEAD"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", "ok"],
  ];
  for (const [answer, expected, method = "GET"] of cases) {
    await using server = new ScriptedServer(answering(answer));
    const { body } = await probe(at(server), { method });
    assert.equal(new TextDecoder().decode(body), expected, answer);
  }
});

Deno.test("what is no HTTP, or is cut off, is told", async () => {
  const cases: [string, RegExp][] = [
    ["", /closed without an answer/],
    ["SSH-2.0-x\r\n", /no HTTP\/1\.x/],
    ["HTTP/2 200\r\n\r\n", /no HTTP\/1\.x/],
    ["HTTP/1.1 999 No\r\n\r\n", /no HTTP\/1\.x/],
    ["HTTP/1.1 200 OK\r\nA: b\r\n", /head is cut off/],
    ["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", /answer is cut off/],
    ["HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nabc", /content-length is malformed/],
    ["HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc", /content-length is malformed/],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", /chunk is malformed/],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd", /chunk is malformed|cut off/],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", /cut off/],
    ["HTTP/1.1 100 Continue\r\n\r\n".repeat(20), /does not come/],
    [`HTTP/1.1 200 OK\r\nA: ${"b".repeat(70_000)}\r\n\r\n`, /head is too long/],
  ];
  for (const [answer, message] of cases) {
    await using server = new ScriptedServer(answering(answer));
    await assert.rejects(probe(at(server)), message, answer.slice(0, 60));
  }
});

Deno.test("heads and bodies without an end are cut", async () => {
  const pour = (head: string, more: string): Script => async (conn) => {
    await readText(conn);
    await writeAll(conn, head);
    for (;;) await writeAll(conn, more);
  };
  await using heads = new ScriptedServer(pour("HTTP/1.1 200 OK\r\n", "A: bcdefghijklmnop\r\n".repeat(100)));
  await assert.rejects(probe(at(heads)), /head is too long/);
  await using body = new ScriptedServer(pour("HTTP/1.1 200 OK\r\n\r\n", "x".repeat(10_000)));
  const read = await probe(at(body), { maxBodyBytes: 100_000 });
  assert.deepEqual([read.body.length, read.truncated], [100_000, true]);
  await using chunks = new ScriptedServer(
    pour("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "2710\r\n" + "x".repeat(10_000) + "\r\n"),
  );
  const other = await probe(at(chunks), { maxBodyBytes: 12_345 });
  assert.deepEqual([other.body.length, other.truncated], [12_345, true]);
  await until("all connections are gone", () => heads.open + body.open + chunks.open === 0);
});

for (
  const [phase, text] of [
    ["before it answers", ""],
    ["within the head", "HTTP/1.1 200 OK\r\nA:"],
    ["within the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"],
    ["within a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"],
  ] as const
) {
  Deno.test(`a server that hangs ${phase} is given up at the deadline, and its connection closed`, async () => {
    let closed = false;
    await using server = new ScriptedServer(async (conn) => {
      await readText(conn);
      await writeAll(conn, text);
      await readText(conn).catch(() => {});
      closed = true;
    });
    const clock = new FakeClock();
    const result = assert.rejects(probe(at(server), { clock, timeoutMs: 3000 }), { name: "TimeoutError" });
    await until("the server was reached", () => server.open === 1);
    await settle();
    await clock.tick(3000);
    await result;
    await until("the server saw the end", () => closed);
    assert.equal(clock.pendingTimers, 0);
  });
}

Deno.test("an answer that comes before the request was read counts, though the connection breaks", async () => {
  await using server = new ScriptedServer(answering("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"));
  const { head } = await probe(at(server), { method: "POST", body: "x".repeat(60_000) });
  assert.equal(head.status, 413);
});

Deno.test("redirects are followed as often as is allowed, and credentials stay with their origin", async () => {
  const seen: string[] = [];
  await using goal = new ScriptedServer(async (conn) => {
    seen.push(await readText(conn));
    await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngoal");
  });
  await using first = new ScriptedServer(async (conn) => {
    const request = await readText(conn);
    seen.push(request);
    const to = request.startsWith("POST /a") ? "/b" : at(goal, "/c");
    await writeAll(conn, `HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`);
  });
  const headers = { Authorization: "Bearer t", "X-Other": "1", "Content-Type": "a/b" };
  const options = { method: "POST", body: "x", headers };
  const stays = await probe(at(first, "/a"), options);
  assert.deepEqual([stays.head.status, stays.redirects.length], [302, 0]);
  seen.length = 0;
  const follows = await probe(at(first, "/a"), { ...options, maxRedirects: 5 });
  assert.deepEqual([follows.head.status, follows.redirects], [200, [302, 302]]);
  assert.deepEqual(seen.map((request) => request.split(" HTTP")[0]), ["POST /a", "GET /b", "GET /c"]);
  assert.deepEqual(seen.map((request) => /Bearer t/.test(request)), [true, true, false]);
  assert.match(seen[2] ?? "", /X-Other: 1/);
  assert.doesNotMatch(seen[1] ?? "", /Content-Type|Content-Length/);
});

Deno.test("over TLS the certificate comes with the answer, and nothing is sent to whom is not trusted", async () => {
  await using authority = await TestAuthority.make();
  const leaf = await authority.issue();
  let asked = 0;
  const script: Script = async (conn) => {
    if (await readText(conn) !== "") asked++;
    await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  };
  await using server = new ScriptedServer(script, leaf);
  const url = `https://localhost:${server.port}/`;
  const { head, chain, phases } = await probe(url, { authorities: authority.rootPem });
  assert.equal(head.status, 200);
  assert.equal(chain[0]?.subject, "CN=localhost");
  assert.ok((phases.securedMs ?? NaN) >= phases.connectedMs);
  await assert.rejects(probe(url, { headers: { Authorization: "Bearer t" } }), (error: unknown) => {
    assert.ok(error instanceof UntrustedCertificateError);
    assert.equal(error.chain[0]?.subject, "CN=localhost");
    return true;
  });
  assert.equal(asked, 1);
  assert.equal((await probe(url, { insecure: true })).head.status, 200);
});

Deno.test("a guarded probe refuses link-local addresses, also as a redirect's goal", async () => {
  await assert.rejects(probe("http://169.254.169.254/latest", { guarded: true }), {
    name: "GuardedAddressError",
  });
  await assert.rejects(probe("http://[::ffff:169.254.169.254]/", { guarded: true }), {
    name: "GuardedAddressError",
  });
  await using server = new ScriptedServer(answering("HTTP/1.1 307 X\r\nLocation: http://[fe80::1]/\r\n\r\n"));
  await assert.rejects(probe(at(server), { guarded: true, maxRedirects: 1 }), {
    name: "GuardedAddressError",
  });
});
