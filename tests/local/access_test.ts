import assert from "node:assert/strict";
import { Gate } from "../../lib/local/access.ts";
import { HttpError } from "../../lib/local/http_error.ts";
import { parseListenAddress } from "../../lib/local/listen_address.ts";
import { exchange, LocalRig, TOKEN } from "./local_rig.ts";

const guarded = ["/v1/events", "/v1/alertmanager", "/v1/status"];
const open = ["/livez", "/readyz", "/metrics"];

async function ask(rig: LocalRig, path: string, headers: Record<string, string>): Promise<number> {
  const posts = path === "/v1/events" || path === "/v1/alertmanager";
  const lines = Object.entries({ ...headers, ...(posts && { "Content-Length": "2" }) });
  using connection = await rig.connect();
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const answer = await exchange(
    connection,
    `${posts ? "POST" : "GET"} ${path} HTTP/1.1\r\n${text}\r\n${posts ? "[]" : ""}`,
  );
  return Number(answer.split(" ")[1]);
}

Deno.test("over TCP, /v1/* takes the token and nothing else; health and metrics are open", async (t) => {
  await using rig = await LocalRig.start({ overTcp: true });
  const cases: [string, string | undefined, boolean][] = [
    ["no token", undefined, false],
    ["the token", `Bearer ${TOKEN}`, true],
    ["the token, with the scheme in another case and more space", `bearer   ${TOKEN} `, true],
    ["a wrong token", "Bearer local-s3creT", false],
    ["a longer token", `Bearer ${TOKEN}x`, false],
    ["a shorter token", `Bearer ${TOKEN.slice(1)}`, false],
    ["an empty token", "Bearer ", false],
    ["another scheme", `Basic ${TOKEN}`, false],
    ["the bare token", TOKEN, false],
  ];
  for (const [what, authorization, lets] of cases) {
    await t.step(what, async () => {
      const headers = {
        Host: "localhost",
        ...(authorization !== undefined && { Authorization: authorization }),
      };
      for (const path of guarded) {
        const status = await ask(rig, path, headers);
        assert.equal(status === 401, !lets, `${path}: ${status}`);
      }
      for (const path of open) assert.equal(await ask(rig, path, headers), 200, path);
    });
  }
});

Deno.test("a refusal for want of a token says what to do, and does not show the token", async () => {
  await using rig = await LocalRig.start({ overTcp: true });
  const answer = await rig.fetch("/v1/status", { headers: { authorization: "Bearer guess" } });
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
  assert.match(answer.json.error, /local\.token_file/);
  assert.doesNotMatch(answer.text, new RegExp(`${TOKEN}|guess`));
});

Deno.test("over TCP, a Host header that names another host is refused", async (t) => {
  await using rig = await LocalRig.start({ overTcp: true });
  const cases: [string, number][] = [
    ["localhost", 200],
    ["localhost:9000", 200],
    ["LOCALHOST", 200],
    ["127.0.0.1", 200],
    ["127.0.0.1:1", 200],
    ["127.8.8.8", 200],
    ["[::1]:80", 200],
    ["evil.example", 403],
    ["localhost.evil.example", 403],
    ["127.0.0.1.evil.example:80", 403],
    ["10.0.0.1", 403],
    ["0.0.0.0", 403],
    ["localhost:80@evil.example", 403],
    ["a b", 403],
  ];
  for (const [host, status] of cases) {
    await t.step(host, async () => {
      for (const path of [...open, "/v1/status"]) {
        assert.equal(await ask(rig, path, { Host: host, Authorization: `Bearer ${TOKEN}` }), status, path);
      }
    });
  }
  using connection = await rig.connect();
  assert.match(await exchange(connection, "GET /livez HTTP/1.0\r\n\r\n"), / 200 /);
});

for (const overTcp of [false, true]) {
  Deno.test(`${overTcp ? "over TCP" : "on a unix socket"}, /v1/* refuses what a web page sends`, async () => {
    await using rig = await LocalRig.start({ overTcp });
    for (const origin of ["http://localhost", "null", "https://evil.example"]) {
      const headers = { Host: "localhost", Origin: origin, Authorization: `Bearer ${TOKEN}` };
      for (const path of guarded) assert.equal(await ask(rig, path, headers), 403, path);
      for (const path of open) assert.equal(await ask(rig, path, headers), 200, path);
    }
    const answer = await rig.fetch("/livez");
    assert.deepEqual([...answer.headers.keys()].filter((name) => name.startsWith("access-control")), []);
  });
}

Deno.test("on a unix socket no token is needed and any Host will do", async () => {
  await using rig = await LocalRig.start();
  for (const path of ["/v1/status", "/metrics", "/livez"]) {
    assert.equal(await ask(rig, path, { Host: "anything.example" }), 200);
    assert.equal(await ask(rig, path, {}), 200);
  }
});

Deno.test("where others than this host can connect, figures take the token too, and any Host will do", () => {
  const gate = new Gate(parseListenAddress("0.0.0.0:9", true), TOKEN);
  const request = (headers: Record<string, string>) => new Request("http://x/", { headers });
  gate.check(request({ host: "web-1.example" }), "open");
  gate.check(request({ host: "web-1.example", authorization: `Bearer ${TOKEN}` }), "figures");
  for (const access of ["figures", "guarded"] as const) {
    assert.throws(
      () => gate.check(request({ host: "web-1.example" }), access),
      (error) => error instanceof HttpError && error.status === 401,
    );
  }
});
