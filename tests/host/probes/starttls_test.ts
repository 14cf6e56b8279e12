import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import type { StartTlsProtocol } from "../../../lib/host/probes/starttls.ts";
import { probeCertificate } from "../../../lib/host/probes/tls_certificate.ts";
import { FakeClock, settle } from "../../fakes/fake_clock.ts";
import { until } from "../../fakes/until.ts";
import { readText, type Script, ScriptedServer, silent, writeAll } from "./scripted_server.ts";
import { type IssuedCertificate, TestAuthority } from "./test_authority.ts";

function probe(port: number, startTls: StartTlsProtocol, authorities?: string, clock = systemClock) {
  return probeCertificate({
    endpoint: { transport: "tcp", host: "127.0.0.1", port },
    clock,
    startTls,
    authorities,
    signal: new AbortController().signal,
    timeoutMs: 20_000,
  });
}

/** Talks as `steps` say: what has to be asked, and what is answered; then speaks TLS by way of a second server. */
function talking(
  greeting: string,
  steps: [asked: RegExp, answer: string | Uint8Array][],
  tlsPort: number,
): Script {
  return async (conn) => {
    if (greeting !== "") await writeAll(conn, greeting);
    for (const [asked, answer] of steps) {
      assert.match(await readText(conn), asked);
      await writeAll(conn, answer);
    }
    const tls = await Deno.connect({ hostname: "127.0.0.1", port: tlsPort });
    await Promise.allSettled([
      conn.readable.pipeTo(tls.writable),
      tls.readable.pipeTo(conn.writable),
    ]);
  };
}

const LDAP_YES = new Uint8Array([0x30, 12, 2, 1, 1, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0]);

const TALKS: Record<StartTlsProtocol, [string, [RegExp, string | Uint8Array][]]> = {
  smtp: ["220-mail\r\n220 ready\r\n", [
    [/^EHLO \S+\r\n$/, "250-mail\r\n250-SIZE\r\n250 STARTTLS\r\n"],
    [/^STARTTLS\r\n$/, "220 go\r\n"],
  ]],
  imap: ["* OK ready\r\n", [[/^a1 STARTTLS\r\n$/, "* CAPABILITY IMAP4\r\na1 OK go\r\n"]]],
  pop3: ["+OK ready\r\n", [[/^STLS\r\n$/, "+OK go\r\n"]]],
  ftp: ["220 ready\r\n", [[/^AUTH TLS\r\n$/, "234 go\r\n"]]],
  // deno-lint-ignore no-control-regex
  postgres: ["", [[/^\u0000\u0000\u0000\u0008/, "S"]]],
  ldap: ["", [[/1\.3\.6\.1\.4\.1\.1466\.20037/, LDAP_YES]]],
};

async function withTls(use: (tls: ScriptedServer, authority: TestAuthority) => Promise<void>): Promise<void> {
  await using authority = await TestAuthority.make();
  const leaf: IssuedCertificate = await authority.issue();
  await using tls = new ScriptedServer(async (conn) => void await readText(conn), leaf);
  await use(tls, authority);
}

for (const [protocol, [greeting, steps]] of Object.entries(TALKS)) {
  Deno.test(`${protocol}: the certificate behind the talk in the clear is read`, () =>
    withTls(async (tls, authority) => {
      await using server = new ScriptedServer(talking(greeting, steps, tls.port));
      const result = await probe(server.port, protocol as StartTlsProtocol, authority.rootPem);
      assert.deepEqual(result.verification, { trusted: true });
      assert.equal(result.chain[0].subject, "CN=localhost");
    }));
}

Deno.test("a server that refuses is quoted", async () => {
  const refusals: [StartTlsProtocol, Script, RegExp][] = [
    [
      "smtp",
      async (conn) => await writeAll(conn, "554 no\u0007 service\r\n"),
      /at greeting it said "554 no service"/,
    ],
    ["smtp", async (conn) => {
      await writeAll(conn, "220 x\r\n");
      await readText(conn);
      await writeAll(conn, "250 x\r\n");
      await readText(conn);
      await writeAll(conn, "502 what\r\n");
    }, /at STARTTLS it said "502 what"/],
    ["imap", async (conn) => {
      await writeAll(conn, "* OK\r\n");
      await readText(conn);
      await writeAll(conn, "a1 BAD no\r\n");
    }, /a1 BAD no/],
    ["postgres", async (conn) => {
      await readText(conn);
      await writeAll(conn, "N");
    }, /it said "no"/],
    ["ldap", async (conn) => {
      await readText(conn);
      await writeAll(conn, new Uint8Array([0x30, 12, 2, 1, 1, 0x78, 7, 0x0a, 1, 52, 4, 0, 4, 0]));
    }, /result 52/],
    [
      "pop3",
      async (conn) => await conn.write(new Uint8Array(6000).fill(65)).then(() => {}),
      /line of more than/,
    ],
    ["ftp", async (conn) => {
      for (let i = 0; i < 200; i++) await writeAll(conn, "220-more\r\n");
    }, /does not end/],
  ];
  for (const [protocol, script, message] of refusals) {
    await using server = new ScriptedServer(async (conn) => {
      await script(conn, server);
      await readText(conn);
      conn.close();
    });
    await assert.rejects(probe(server.port, protocol), message);
  }
});

Deno.test("a server that ends in the middle of the talk is told", async () => {
  await using server = new ScriptedServer((conn) => writeAll(conn, "220-half"));
  await assert.rejects(probe(server.port, "smtp"), /ended the conversation/);
});

Deno.test("what a server adds in the clear after it agreed is not taken for part of the protected talk", async () => {
  await using server = new ScriptedServer(async (conn) => {
    await writeAll(conn, "+OK\r\n");
    await readText(conn);
    await writeAll(conn, "+OK go\r\n+OK injected\r\n");
    await readText(conn);
  });
  await assert.rejects(probe(server.port, "pop3"), /went on in the clear/);
});

for (const protocol of ["smtp", "imap", "postgres", "ldap"] as const) {
  Deno.test(`${protocol}: a server that says nothing is given up at the deadline`, async () => {
    await using server = new ScriptedServer(silent);
    const clock = new FakeClock();
    const result = assert.rejects(probe(server.port, protocol, undefined, clock), { name: "TimeoutError" });
    await until("the server was reached", () => server.open === 1);
    await settle();
    await clock.tick(20_000);
    await result;
  });
}
