import assert from "node:assert/strict";
import { agentStatus } from "./fake_agent_port.ts";
import { LocalRig } from "./local_rig.ts";

function post(rig: LocalRig, body: unknown) {
  return rig.fetch("/v1/silences", {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
}

Deno.test("a silence is begun, listed and ended", async () => {
  await using rig = await LocalRig.start();
  const begun = await post(rig, { matchers: { check: "disk::*" }, for_sec: 7200, reason: "new disk" });
  const silence = {
    id: "00000001",
    matchers: { check: "disk::*" },
    reason: "new disk",
    created: 1_700_000_000,
    until: 1_700_007_200,
    matching: 1,
  };
  assert.deepEqual([begun.status, begun.json], [201, silence]);
  assert.deepEqual((await rig.fetch("/v1/silences")).json, { silences: [silence] });
  const path = "/v1/silences/00000001";
  const ended = await rig.fetch(path, { method: "DELETE" });
  assert.deepEqual([ended.status, ended.text], [204, ""]);
  assert.deepEqual((await rig.fetch("/v1/silences")).json, { silences: [] });
  const again = await rig.fetch(path, { method: "DELETE" });
  assert.equal(again.status, 404);
  assert.match(again.json.error, /there is no silence 00000001/);
});

Deno.test("open alerts are listed", async () => {
  await using rig = await LocalRig.start();
  assert.deepEqual((await rig.fetch("/v1/alerts")).json, { alerts: agentStatus().alerts });
});

Deno.test("an order that makes no sense is refused, and says where", async () => {
  await using rig = await LocalRig.start();
  const matchers = { a: "b" };
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`${n}`, ""]));
  const refused: [unknown, number, RegExp][] = [
    ["", 400, /no JSON/],
    ["{", 400, /no JSON/],
    [[], 422, /the body/],
    [{ for_sec: 5 }, 422, /matchers/],
    [{ matchers: {}, for_sec: 5 }, 422, /matchers: must name at least one label/],
    [{ matchers: { a: 1 }, for_sec: 5 }, 422, /matchers\.a/],
    [{ matchers: { "": "x" }, for_sec: 5 }, 422, /matchers/],
    [{ matchers: many, for_sec: 5 }, 422, /20 labels at most/],
    [{ matchers }, 422, /for_sec/],
    [{ matchers, for_sec: 0 }, 422, /for_sec/],
    [{ matchers, for_sec: "2h" }, 422, /for_sec/],
    [{ matchers, for_sec: 1e9 }, 422, /for_sec/],
    [{ matchers, for_sec: 5, reason: "x".repeat(1001) }, 422, /reason/],
    [{ matchers, for_sec: 5, until: 1 }, 422, /until/],
  ];
  for (const [body, status, message] of refused) {
    const answer = await post(rig, body);
    assert.equal(answer.status, status, JSON.stringify(body));
    assert.match(answer.json.error, message);
  }
  rig.port.silenceFault = new RangeError("cannot silence: there are 1000 silences already; end some");
  const full = await post(rig, { matchers, for_sec: 5 });
  assert.deepEqual([full.status, full.json.error], [409, rig.port.silenceFault.message]);
  assert.deepEqual(rig.port.running, []);
});

Deno.test("silences and alerts are as guarded as the status, and take their methods only", async () => {
  await using rig = await LocalRig.start({ overTcp: true });
  const none = { authorization: "Bearer guess" };
  for (
    const [method, path] of [
      ["GET", "/v1/alerts"],
      ["GET", "/v1/silences"],
      ["POST", "/v1/silences"],
      ["DELETE", "/v1/silences/00000001"],
    ] as const
  ) {
    const answer = await rig.fetch(path, { method, headers: none });
    assert.equal(answer.status, 401, path);
    const origin = { origin: "http://localhost" };
    assert.equal((await rig.fetch(path, { method, headers: origin })).status, 403, path);
  }
  const put = await rig.fetch("/v1/silences", { method: "PUT" });
  assert.deepEqual([put.status, put.headers.get("allow")], [405, "GET, HEAD, POST"]);
  for (const path of ["/v1/silences/", "/v1/silences/a/b"]) {
    assert.equal((await rig.fetch(path, { method: "DELETE" })).status, 404, path);
  }
});
