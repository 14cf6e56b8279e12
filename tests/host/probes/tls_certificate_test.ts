import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { probeCertificate } from "../../../lib/host/probes/tls_certificate.ts";
import { FakeClock, settle } from "../../fakes/fake_clock.ts";
import { until } from "../../fakes/until.ts";
import { readText, ScriptedServer, silent, writeAll } from "./scripted_server.ts";
import { TestAuthority } from "./test_authority.ts";

const never = () => new AbortController().signal;

function probe(port: number, options: Partial<Parameters<typeof probeCertificate>[0]> = {}) {
  return probeCertificate({
    endpoint: { transport: "tcp", host: "127.0.0.1", port },
    clock: systemClock,
    signal: never(),
    timeoutMs: 20_000,
    ...options,
  });
}

Deno.test("a certificate signed by a known authority is trusted, and its dates are told", async () => {
  await using authority = await TestAuthority.make();
  const leaf = await authority.issue({ validSec: [-60, 3600] });
  await using server = new ScriptedServer(silent, leaf);
  const result = await probe(server.port, { authorities: authority.rootPem });
  assert.deepEqual(result.verification, { trusted: true });
  assert.deepEqual(result.chain[0].names, ["localhost", "127.0.0.1"]);
  assert.ok(Math.abs(result.chain[0].notAfterMs - (Date.now() + 3_600_000)) < 120_000);
  assert.equal(result.chain[0].subject, "CN=localhost");
  assert.equal(result.chain[0].issuer, "CN=Test root");
  assert.equal(result.chain[0].key, "ec prime256v1");
  assert.equal(result.peerAddress, "127.0.0.1");
});

Deno.test("certificates that cannot be trusted are read all the same, and the reason is told", async () => {
  await using authority = await TestAuthority.make();
  const cases = [
    [await authority.issue({ validSec: [-7200, -3600] }), /expired/],
    [await authority.issue({ validSec: [3600, 7200] }), /not yet valid/],
    [await authority.issue({ names: ["DNS:other.example"] }), /for other\.example, not for localhost/],
  ] as const;
  for (const [leaf, reason] of cases) {
    await using server = new ScriptedServer(silent, leaf);
    const endpoint = { transport: "tcp", host: "localhost", port: server.port } as const;
    const { verification, chain } = await probe(server.port, { endpoint, authorities: authority.rootPem });
    assert.equal(verification.trusted, false);
    assert.match(verification.trusted === false ? verification.reason : "", reason);
    assert.equal(chain[0].issuer, "CN=Test root");
  }
});

Deno.test("a certificate whose authority is not known is not trusted", async () => {
  await using authority = await TestAuthority.make();
  await using server = new ScriptedServer(silent, await authority.issue());
  const { verification } = await probe(server.port);
  assert.equal(verification.trusted, false);
  assert.match(verification.trusted === false ? verification.reason : "", /signed/);
});

Deno.test("an address must be among the certificate's names", async () => {
  await using authority = await TestAuthority.make();
  await using server = new ScriptedServer(silent, await authority.issue({ names: ["IP:10.0.0.1"] }));
  const { verification } = await probe(server.port, { authorities: authority.rootPem });
  assert.match(
    verification.trusted === false ? verification.reason : "",
    /10\.0\.0\.1, not for 127\.0\.0\.1/,
  );
});

Deno.test("the intermediates that a server sends are part of the chain", async () => {
  await using authority = await TestAuthority.make();
  const intermediate = await authority.issue({ commonName: "Middle", names: [], authority: true });
  const leaf = await authority.issue({ issuer: intermediate });
  await using server = new ScriptedServer(silent, leaf);
  const { chain, verification } = await probe(server.port, { authorities: authority.rootPem });
  assert.deepEqual(chain.slice(0, 2).map(({ subject }) => subject), ["CN=localhost", "CN=Middle"]);
  assert.deepEqual(verification, { trusted: true });
});

Deno.test("the name that is asked for can differ from the host that is connected to", async () => {
  await using authority = await TestAuthority.make();
  await using server = new ScriptedServer(silent, await authority.issue({ names: ["DNS:shop.example"] }));
  const asked = { authorities: authority.rootPem, serverName: "shop.example" };
  assert.deepEqual((await probe(server.port, asked)).verification, { trusted: true });
});

for (
  const [name, script] of [
    ["says nothing", silent],
    ["says half a handshake", async (conn, server) => {
      await readText(conn);
      await writeAll(conn, new Uint8Array([0x16, 3, 3, 0, 100, 2]));
      await server.ended;
    }],
  ] as [string, typeof silent][]
) {
  Deno.test(`a peer that ${name} instead of TLS is given up at the deadline, and the connection closed`, async () => {
    await using server = new ScriptedServer(script);
    const clock = new FakeClock();
    const result = assert.rejects(probe(server.port, { clock, timeoutMs: 5000 }), {
      name: "TimeoutError",
      message: "no answer within 5 s",
    });
    await until("the server was reached", () => server.open === 1);
    await settle();
    await clock.tick(5000);
    await result;
    assert.equal(clock.pendingTimers, 0);
  });
}

Deno.test("a peer that speaks no TLS is told from one that breaks off", async () => {
  await using http = new ScriptedServer(async (conn) => {
    await readText(conn);
    await writeAll(conn, "HTTP/1.1 400 Bad Request\r\n\r\n");
    await readText(conn);
  });
  await assert.rejects(probe(http.port), /speaks no TLS/);
  await using closing = new ScriptedServer(async (conn) => void await readText(conn));
  await assert.rejects(probe(closing.port), /clos|reset|eof/i);
});

Deno.test("an abort ends a probe with its reason", async () => {
  await using server = new ScriptedServer(silent);
  const stop = new AbortController();
  const result = assert.rejects(probe(server.port, { signal: stop.signal }), /enough/);
  await until("the server was reached", () => server.open === 1);
  stop.abort(new Error("enough"));
  await result;
});
