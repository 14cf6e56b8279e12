import assert from "node:assert/strict";
import { HTTP_CHECK } from "../../lib/checks/http.ts";
import { readStatusPattern } from "../../lib/checks/http_expectation.ts";
import { answering, ScriptedServer, silent } from "../host/probes/scripted_server.ts";
import { TestAuthority } from "../host/probes/test_authority.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { checksOf, findingOf, findingsOf, statuses } from "./probe_rig.ts";

const page = (status: string, body = "", headers = "") =>
  answering(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`);

const at = (server: ScriptedServer, path = "/") => `http://127.0.0.1:${server.port}${path}`;

Deno.test("an address that answers 200 is well", async () => {
  await using server = new ScriptedServer(page("200 OK", "fine"));
  const found = await findingsOf(HTTP_CHECK, { urls: [at(server)] });
  assert.deepEqual(statuses(found), { "http::connectivity": "Ok", "http::status_code": "Ok" });
  assert.deepEqual(found[0]?.labels, { check: "http::connectivity", target: at(server), method: "GET" });
});

Deno.test("another status is critical, and a redirect is told but not followed", async () => {
  await using failing = new ScriptedServer(page("503 Busy"));
  const busy = findingOf(await findingsOf(HTTP_CHECK, { urls: [at(failing)] }), "http::status_code");
  assert.deepEqual([busy.status, busy.attrs.current_value, busy.attrs.threshold_desc], [
    "Critical",
    "503",
    "2xx",
  ]);
  await using moved = new ScriptedServer(page("301 Moved", "", "Location: https://www.example/?token=t\r\n"));
  const found = findingOf(await findingsOf(HTTP_CHECK, { urls: [at(moved)] }), "http::status_code");
  assert.match(found.description, /answers 301, redirects to https:\/\/www\.example$/);
  const expected = { urls: [at(moved)], expect_status: ["30*"], severity: "Warning" };
  assert.equal(findingOf(await findingsOf(HTTP_CHECK, expected), "http::status_code").status, "Ok");
});

Deno.test("the body has to have every text and match every expression", async () => {
  await using server = new ScriptedServer(page("200 OK", '{"state":"ready","jobs":12}'));
  const body = async (...expect_body: string[]) =>
    findingOf(await findingsOf(HTTP_CHECK, { urls: [at(server)], expect_body }), "http::response_body");
  assert.equal((await body('"ready"', '/"jobs":\\d+/')).status, "Ok");
  const missing = await body('"ready"', '/"jobs":\\d{3}/');
  assert.equal(missing.status, "Critical");
  assert.match(missing.description, /lacks "\/\\"jobs/);
});

Deno.test("a page made to keep an expression busy does not", async () => {
  await using server = new ScriptedServer(page("200 OK", "a".repeat(200_000)));
  const startMs = performance.now();
  const found = await findingsOf(HTTP_CHECK, {
    urls: [at(server)],
    expect_body: ["/(a+)+$b/", "/(a|aa)+c/"],
  });
  assert.equal(findingOf(found, "http::response_body").status, "Critical");
  assert.ok(performance.now() - startMs < 10_000);
});

Deno.test("no answer is one finding, and stays within its own time", async () => {
  await using server = new ScriptedServer(silent);
  const clock = new FakeClock();
  const table = { urls: [at(server)], request_timeout: "4s" };
  const waiting = findingsOf(HTTP_CHECK, table, clock);
  await until("the server was reached", () => server.open === 1);
  await clock.tick(4000);
  const found = await waiting;
  assert.deepEqual(statuses(found), { "http::connectivity": "Critical" });
  assert.match(found[0]?.description ?? "", /no answer within 4 s/);
});

Deno.test("the certificate's end is rated, also of one that is not trusted", async () => {
  await using authority = await TestAuthority.make();
  await Deno.writeTextFile(`${authority.folder}/ca.pem`, authority.rootPem);
  const table = { ca_file: `${authority.folder}/ca.pem` };
  const cases = [
    [[-3600, 86_400 * 30], "Ok", "Ok"],
    [[-3600, 86_400 * 2], "Ok", "Warning"],
    [[-3600, 3600], "Ok", "Critical"],
    [[-7200, -3600], "Critical", "Critical"],
    [[3600, 7200], "Critical", "Critical"],
  ] as const;
  for (const [validSec, connectivity, expiry] of cases) {
    const leaf = await authority.issue({ validSec });
    await using server = new ScriptedServer(page("200 OK"), leaf);
    const found = await findingsOf(HTTP_CHECK, { ...table, urls: [`https://127.0.0.1:${server.port}/`] });
    assert.equal(findingOf(found, "http::connectivity").status, connectivity, `${validSec}`);
    assert.equal(findingOf(found, "http::cert_expiry").status, expiry, `${validSec}`);
  }
});

Deno.test("a certificate for another name is critical unless any will do", async () => {
  await using authority = await TestAuthority.make();
  await using server = new ScriptedServer(
    page("200 OK"),
    await authority.issue({ names: ["DNS:x.example"] }),
  );
  const urls = [`https://127.0.0.1:${server.port}/`];
  const strict = await findingsOf(HTTP_CHECK, { urls });
  assert.match(
    findingOf(strict, "http::connectivity").description,
    /it is for x\.example, not for 127\.0\.0\.1/,
  );
  const lax = await findingsOf(HTTP_CHECK, { urls, insecure: true });
  assert.deepEqual(statuses(lax), {
    "http::connectivity": "Ok",
    "http::status_code": "Ok",
    "http::cert_expiry": "Ok",
  });
});

Deno.test("secrets in the address and in headers show in no finding", async () => {
  await using server = new ScriptedServer(page("403 No"));
  const urls = [at(server, "/x?api_key=hunter2hunter2")];
  const found = await findingsOf(HTTP_CHECK, { urls, headers: { Authorization: "Bearer verysecret" } });
  assert.doesNotMatch(JSON.stringify(found), /hunter2|verysecret/);
  const { port } = server;
  await server[Symbol.asyncDispose]();
  const gone = await findingsOf(HTTP_CHECK, { urls: [`http://127.0.0.1:${port}/x?api_key=hunter2hunter2`] });
  assert.doesNotMatch(JSON.stringify(gone), /hunter2/);
});

Deno.test("tables that make no sense are refused", () => {
  const urls = ["http://a.example"];
  assert.throws(() => checksOf(HTTP_CHECK, { urls, body: "x" }), /GET sends none/);
  assert.throws(() => checksOf(HTTP_CHECK, { urls, method: "HEAD", expect_body: ["x"] }), /HEAD gets none/);
  assert.throws(() => checksOf(HTTP_CHECK, { urls, insecure: true, ca_file: "/x" }), /keep one/);
  assert.throws(() => checksOf(HTTP_CHECK, { urls: ["http://u:p@a.example"] }), /user or password/);
  assert.throws(() => checksOf(HTTP_CHECK, { urls: ["ftp://a.example"] }), /must be an address/);
  assert.throws(() => checksOf(HTTP_CHECK, { urls, expect_status: ["2"] }), /must be a status/);
  assert.throws(() => checksOf(HTTP_CHECK, { urls, expect_body: ["/(/"] }), /\(/);
  assert.throws(() => checksOf(HTTP_CHECK, { urls, headers: { A: "b\nc" } }), /one line/);
});

Deno.test("statuses are written as people do", () => {
  const cases: [string, number[], number[]][] = [
    ["2xx", [200, 299], [199, 300]],
    ["20*", [200, 209], [210]],
    ["2*", [200, 299], [300]],
    ["204", [204], [200, 205]],
    ["200-299", [200, 299], [300]],
    ["30X", [301], [310]],
  ];
  for (const [text, yes, no] of cases) {
    const test = readStatusPattern(text);
    assert.deepEqual([yes.every((status) => test?.(status)), no.some((status) => test?.(status))], [
      true,
      false,
    ], text);
  }
  for (const text of ["", "2", "20", "6xx", "299-200", "abc", "2xxx", "*"]) {
    assert.equal(readStatusPattern(text), undefined, text);
  }
});
