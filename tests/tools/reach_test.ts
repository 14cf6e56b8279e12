import assert from "node:assert/strict";
import * as z from "zod/mini";
import { systemClock } from "../../lib/clock.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { REACH_TOOLS } from "../../lib/tools/reach.ts";
import { CERT_INSPECT_FILE, CERT_INSPECT_REMOTE } from "../../lib/tools/reach_certificates.ts";
import { TCP_PING } from "../../lib/tools/reach_connect.ts";
import { HTTP_PROBE } from "../../lib/tools/reach_http.ts";
import { DNS_LOOKUP, DNS_RESOLVE, NTP_STATUS, reverseName } from "../../lib/tools/reach_names.ts";
import type { ToolContext, ToolDefinition, ToolOutput } from "../../lib/tools/tool.ts";
import { a, dnsResponder } from "../host/probes/dns_responder.ts";
import { answering, ScriptedServer, silent } from "../host/probes/scripted_server.ts";
import { TestAuthority } from "../host/probes/test_authority.ts";
import { UdpServer } from "../host/probes/udp_server.ts";
import { encodeNtpTime } from "../../lib/host/probes/sntp_packet.ts";
import { until } from "../fakes/until.ts";

const NEVER = new AbortController().signal;

// deno-lint-ignore require-await -- what a tool throws at once is to reject, too
async function run<Shape extends z.core.$ZodShape, Data>(
  tool: ToolDefinition<Shape, Data>,
  args: Readonly<Record<string, unknown>>,
  context: Partial<ToolContext> = {},
): Promise<ToolOutput<Data>> {
  return tool.run(z.strictObject(tool.args).parse(args), {
    host: new FixtureFacts(),
    clock: systemClock,
    signal: NEVER,
    logRoots: [],
    allowRun: [],
    ...context,
  });
}

function isPlain(value: unknown): void {
  assert.deepEqual(JSON.parse(JSON.stringify(value)), value);
}

Deno.test("names are resolved by the server that is named, and backwards", async () => {
  await using server = await dnsResponder({ "shop.test": [a("192.0.2.1")] });
  const asked = { server: `127.0.0.1:${server.port}` };
  const { text, data } = await run(DNS_RESOLVE, { domain: "shop.test", ...asked });
  assert.match(text, /^shop\.test A: 1, from 127\.0\.0\.1:\d+ in .* ms\n192\.0\.2\.1$/);
  isPlain(data);
  assert.match(
    (await run(DNS_RESOLVE, { domain: "gone.test", type: "mx", ...asked })).text,
    /^gone\.test MX: none/,
  );
  await assert.rejects(run(DNS_RESOLVE, { domain: "a.test", server: "169.254.169.253" }), {
    name: "GuardedAddressError",
  });
  await assert.rejects(run(DNS_RESOLVE, { domain: "a.test", server: "dns.example" }), /must be an address/);
  assert.equal(reverseName("192.0.2.10"), "10.2.0.192.in-addr.arpa");
  assert.equal(reverseName("2001:db8::1"), "1." + "0.".repeat(23) + "8.b.d.0.1.0.0.2.ip6.arpa");
});

Deno.test("a name is looked up as programs of this host do", async () => {
  const { text, data } = await run(DNS_LOOKUP, { host: "localhost" });
  assert.match(text, /127\.0\.0\.1/);
  isPlain(data);
  await assert.rejects(
    run(DNS_LOOKUP, { host: "no-such-name.invalid" }),
    /cannot look up no-such-name\.invalid/,
  );
});

Deno.test("a port is connected to as often as is asked for", async () => {
  await using server = new ScriptedServer(silent);
  const { text, data } = await run(TCP_PING, { address: `127.0.0.1:${server.port}`, count: "2" });
  assert.match(text, /connected 2 of 2 times/);
  isPlain(data);
  await until("both came", () => server.connections === 2);
  await server[Symbol.asyncDispose]();
  const refused = await run(TCP_PING, { address: `127.0.0.1:${server.port}`, count: 1 });
  assert.match(refused.text, /connected 0 of 1 times\n.*\n.*connection refused/);
  isPlain(refused.data);
});

Deno.test("no tool reaches link-local or metadata addresses", async () => {
  const refused = { name: "GuardedAddressError", message: /refused, whatever is granted/ };
  await assert.rejects(run(TCP_PING, { address: "169.254.169.254:80" }), refused);
  await assert.rejects(run(HTTP_PROBE, { url: "http://169.254.169.254/latest/meta-data" }), refused);
  await assert.rejects(run(HTTP_PROBE, { url: "http://2852039166/" }), refused); // the same as one number
  await assert.rejects(run(HTTP_PROBE, { url: "http://[fd00:ec2::254]/" }), refused);
  await assert.rejects(run(CERT_INSPECT_REMOTE, { address: "[fe80::1]:443" }), refused);
  await assert.rejects(run(NTP_STATUS, { server: "169.254.169.123" }), refused);
});

Deno.test("a web address is asked once, and what may be secret is left out", async () => {
  await using server = new ScriptedServer(answering(
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: id=s3cret\r\nWWW-Authenticate: s3cret\r\n" +
      `Server: x\u001b[31m\r\nContent-Length: 1200\r\n\r\n${"<p>\u0007 hello".padEnd(1200, "x")}`,
  ));
  const { text, data } = await run(HTTP_PROBE, { url: `http://127.0.0.1:${server.port}/` });
  assert.match(text, /^HTTP 200 OK from 127\.0\.0\.1 in .*, body of 1200 bytes\n/);
  assert.match(text, /\nserver: x\n/);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /s3cret|\u001b|\u0007/);
  assert.doesNotMatch(JSON.stringify(data), /s3cret/);
  const { body_excerpt } = data as { body_excerpt: string };
  assert.ok(body_excerpt.length <= 512 && body_excerpt.startsWith("<p> hello"), body_excerpt);
  isPlain(data);
});

Deno.test("what is no text is not shown, and a redirect is not followed", async () => {
  await using image = new ScriptedServer(answering("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\nPNG"));
  assert.doesNotMatch((await run(HTTP_PROBE, { url: `http://127.0.0.1:${image.port}/` })).text, /PNG/);
  await using moved = new ScriptedServer(answering("HTTP/1.1 302 Found\r\nLocation: /else\r\n\r\n"));
  assert.match(
    (await run(HTTP_PROBE, { url: `http://127.0.0.1:${moved.port}/`, method: "head" })).text,
    /location: \/else/,
  );
  assert.equal(moved.connections, 1);
});

Deno.test("a web server that is not trusted is not asked, and its certificate is told", async () => {
  await using authority = await TestAuthority.make();
  await using server = new ScriptedServer(silent, await authority.issue());
  const { text, data } = await run(HTTP_PROBE, { url: `https://127.0.0.1:${server.port}/` });
  assert.match(text, /was not asked: .*\ncertificate: localhost, until .*\(89 days\)/);
  isPlain(data);
});

Deno.test("a server's certificate is shown with its chain and whether it is trusted", async () => {
  await using authority = await TestAuthority.make();
  await using server = new ScriptedServer(silent, await authority.issue({ names: ["DNS:x.example"] }));
  const { text, data } = await run(CERT_INSPECT_REMOTE, { address: `127.0.0.1:${server.port}` });
  assert.match(text, /not trusted: it is for x\.example, not for 127\.0\.0\.1\n.*days left/);
  assert.match(text, /89 .*CN=localhost .*CN=Test root .*x\.example/);
  isPlain(data);
});

Deno.test("certificate files are read below the roots alone, links resolved first", async () => {
  await using authority = await TestAuthority.make();
  const leaf = await authority.issue();
  const root = `${authority.folder}/logs`;
  await Deno.mkdir(root);
  await Deno.writeTextFile(`${root}/a.pem`, leaf.keyPem + leaf.pem);
  await Deno.writeTextFile(`${authority.folder}/outside.pem`, leaf.pem);
  await Deno.symlink(`${authority.folder}/outside.pem`, `${root}/link.pem`);
  const context = { logRoots: [root] };
  const { text, data } = await run(CERT_INSPECT_FILE, { path: `${root}/a.pem` }, context);
  assert.match(text, /a\.pem: 1 certificates\n/);
  assert.doesNotMatch(text + JSON.stringify(data), /PRIVATE/);
  isPlain(data);
  for (const path of [`${root}/link.pem`, `${root}/../outside.pem`, "/etc/shadow", `${root}x/a.pem`]) {
    await assert.rejects(run(CERT_INSPECT_FILE, { path }, context), /is not below/, path);
  }
  await assert.rejects(run(CERT_INSPECT_FILE, { path: `${root}/none.pem` }, context), /no such file/);
  await assert.rejects(
    run(CERT_INSPECT_FILE, { path: root + "/../logs" }, context),
    /is not below|no regular file/,
  );
});

Deno.test("a time server is asked for the offset", async () => {
  await using server = await UdpServer.listen((request) => {
    const packet = new Uint8Array(48);
    packet.set([4 << 3 | 4, 3]);
    packet.set(request.subarray(40, 48), 24);
    packet.set(encodeNtpTime(Date.now() + 5000), 32);
    packet.set(encodeNtpTime(Date.now() + 5000), 40);
    return packet;
  });
  const { text, data } = await run(NTP_STATUS, { server: `127.0.0.1:${server.port}` });
  assert.match(
    text,
    /^time from 127\.0\.0\.1:\d+ \(127\.0\.0\.1\)\noffset +(5|4\.\d+) s, this clock is behind\n/,
  );
  isPlain(data);
});

Deno.test("every tool ends when its session does", async () => {
  await using server = new ScriptedServer(silent);
  await using mute = await UdpServer.listen(() => undefined);
  const address = `127.0.0.1:${server.port}`;
  const cases = [
    () => run(HTTP_PROBE, { url: `http://${address}/` }, { signal: stop.signal }),
    () => run(CERT_INSPECT_REMOTE, { address }, { signal: stop.signal }),
    () => run(NTP_STATUS, { server: `127.0.0.1:${mute.port}` }, { signal: stop.signal }),
    () => run(DNS_RESOLVE, { domain: "a.test", server: `127.0.0.1:${mute.port}` }, { signal: stop.signal }),
  ];
  let stop = new AbortController();
  for (const start of cases) {
    stop = new AbortController();
    const seen = server.connections + mute.received.length;
    const running = assert.rejects(start(), /the session ended/);
    await until("the peer was asked", () => server.connections + mute.received.length > seen);
    stop.abort(new Error("the session ended"));
    await running;
  }
});

Deno.test("arguments that make no sense are refused", () => {
  const refuse = (tool: ToolDefinition, args: object) =>
    assert.equal(z.strictObject(tool.args).safeParse(args).success, false, JSON.stringify(args));
  refuse(TCP_PING as unknown as ToolDefinition, { address: "a:1", count: 6 });
  refuse(HTTP_PROBE as unknown as ToolDefinition, { url: "file:///etc/passwd" });
  refuse(HTTP_PROBE as unknown as ToolDefinition, { url: "http://u:p@a.example/" });
  refuse(HTTP_PROBE as unknown as ToolDefinition, { url: "http://a.example/", method: "POST" });
  refuse(DNS_RESOLVE as unknown as ToolDefinition, { domain: "a b" });
  for (const tool of REACH_TOOLS) {
    assert.match(tool.name, /^[a-z_]+$/);
    for (const schema of Object.values(tool.args)) {
      assert.ok(z.globalRegistry.get(schema)?.description, tool.name);
    }
  }
});
