import assert from "node:assert/strict";
import { agentStatus } from "./fake_agent_port.ts";
import { exchange, LocalRig } from "./local_rig.ts";

Deno.test("the agent is alive whatever its connection is, and ready when that is acked", async () => {
  await using rig = await LocalRig.start();
  assert.deepEqual([(await rig.fetch("/readyz")).status, (await rig.fetch("/readyz")).text], [200, "ok\n"]);
  rig.port.unready = "not connected to hub:1, waiting";
  const unready = await rig.fetch("/readyz");
  assert.deepEqual([unready.status, unready.text], [503, "not connected to hub:1, waiting\n"]);
  assert.deepEqual([(await rig.fetch("/livez")).status, (await rig.fetch("/livez")).text], [200, "ok\n"]);
});

Deno.test("the status is told as JSON, anew each time, and not to be kept", async () => {
  await using rig = await LocalRig.start();
  const answer = await rig.fetch("/v1/status");
  assert.deepEqual([answer.status, answer.json], [200, agentStatus()]);
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.equal(answer.headers.get("cache-control"), "no-store");
  rig.port.current = agentStatus({ uptime_sec: 1 });
  assert.equal((await rig.fetch("/v1/status")).json.uptime_sec, 1);
});

for (
  const [method, path, status, allow] of [
    ["GET", "/", 404, null],
    ["GET", "/v1/event", 404, null],
    ["POST", "/v1/events/", 404, null],
    ["GET", "/livez?verbose", 200, null],
    ["HEAD", "/livez", 200, null],
    ["GET", "/v1/events", 405, "POST"],
    ["PUT", "/v1/events", 405, "POST"],
    ["OPTIONS", "/v1/events", 405, "POST"],
    ["GET", "/v1/alertmanager", 405, "POST"],
    ["POST", "/metrics", 405, "GET, HEAD"],
    ["DELETE", "/v1/status", 405, "GET, HEAD"],
  ] as const
) {
  Deno.test(`${method} ${path} is answered with ${status}`, async () => {
    await using rig = await LocalRig.start();
    const answer = await rig.fetch(path, { method });
    assert.deepEqual([answer.status, answer.headers.get("allow")], [status, allow]);
    if (status >= 400) assert.equal(typeof answer.json.error, "string");
  });
}

Deno.test("odd requests are answered, not fallen over", async () => {
  await using rig = await LocalRig.start();
  for (
    const [request, status] of [
      ["OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404],
      ["GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 404],
      ["GET http://other.example/livez HTTP/1.1\r\nHost: x\r\n\r\n", 200],
      ["GET //livez HTTP/1.1\r\nHost: x\r\n\r\n", 404],
      ["GET /livez HTTP/1.0\r\n\r\n", 200],
      ["BREW /livez HTTP/1.1\r\nHost: x\r\n\r\n", 405],
    ] as const
  ) {
    using connection = await rig.connect();
    assert.equal(Number((await exchange(connection, request)).split(" ")[1]), status, request);
  }
});

Deno.test("a fault of the agent's is answered with 500 and told to the log alone", async () => {
  await using rig = await LocalRig.start();
  rig.port.fault = new Error("secret detail");
  const answer = await rig.fetch("/v1/status");
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.text, /secret detail/);
  rig.port.fault = undefined;
  assert.equal((await rig.fetch("/v1/status")).status, 200);
});
