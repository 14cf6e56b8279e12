import assert from "node:assert/strict";
import { NET_CHECK } from "../../lib/checks/net.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { answering, ScriptedServer, silent } from "../host/probes/scripted_server.ts";
import { UdpServer } from "../host/probes/udp_server.ts";
import { checksOf, findingOf, findingsOf, statuses } from "./probe_rig.ts";

Deno.test("a port that answers is well, one where nothing listens is critical", async () => {
  await using server = new ScriptedServer(silent);
  const target = `127.0.0.1:${server.port}`;
  const well = await findingsOf(NET_CHECK, { targets: [target] });
  assert.deepEqual(statuses(well), { "net::connectivity": "Ok" });
  assert.deepEqual(well[0]?.labels, { check: "net::connectivity", target, protocol: "tcp" });
  await server[Symbol.asyncDispose]();
  const [gone] = await findingsOf(NET_CHECK, { targets: [target] });
  assert.equal(gone?.status, "Critical");
  assert.match(gone?.description ?? "", /connection refused/);
  assert.deepEqual(gone?.labels, well[0]?.labels);
});

Deno.test("what is said has to be what is expected", async () => {
  await using server = new ScriptedServer(answering("-ERR go away\r\n"));
  const targets = [`tcp://127.0.0.1:${server.port}`];
  const [wrong] = await findingsOf(NET_CHECK, {
    targets,
    send: "PING\r\n",
    expect: "+PONG",
    severity: "Warning",
  });
  assert.equal(wrong?.status, "Warning");
  assert.match(wrong?.description ?? "", /it says "-ERR go away/);
  const [right] = await findingsOf(NET_CHECK, { targets, send: "PING\r\n", expect: "-ERR" });
  assert.equal(right?.status, "Ok");
});

Deno.test("datagrams are sent and answered", async () => {
  await using server = await UdpServer.listen((datagram) => datagram);
  const table = { targets: [`udp://127.0.0.1:${server.port}`], send: "a", expect: "a" };
  assert.deepEqual(statuses(await findingsOf(NET_CHECK, table)), { "net::connectivity": "Ok" });
});

Deno.test("a target that hangs is critical within its own time, and does not hold up another", async () => {
  await using hanging = new ScriptedServer(silent);
  await using well = new ScriptedServer(answering("x"));
  const clock = new FakeClock();
  const targets = [hanging, well].map(({ port }) => `127.0.0.1:${port}`);
  const [slow, quick] = checksOf(NET_CHECK, { targets, send: "?", expect: "x", read_timeout: "2s" }, clock);
  const { signal } = new AbortController();
  const waiting = slow?.gather(signal);
  assert.equal((await quick?.gather(signal))?.[0]?.status, "Ok");
  await until("it waits for the answer", () => clock.pendingDelaysMs.includes(2000));
  await clock.tick(2000);
  const [found] = await waiting ?? [];
  assert.equal(found?.status, "Critical");
  assert.match(found?.description ?? "", /no answer within 2 s/);
});

Deno.test("the response time is rated where thresholds are set", async () => {
  await using server = new ScriptedServer(answering("x"));
  const table = { targets: [`127.0.0.1:${server.port}`], send: "?", expect: "x" };
  const slow = await findingsOf(NET_CHECK, {
    ...table,
    response_time: { critical_ge: "1ms", warn_ge: "1ms" },
  });
  assert.ok((findingOf(slow, "net::response_time").value ?? -1) > 0);
  const quick = await findingsOf(NET_CHECK, { ...table, response_time: { critical_ge: "1h" } });
  assert.equal(findingOf(quick, "net::response_time").status, "Ok");
  assert.equal(findingOf(quick, "net::response_time").attrs.threshold_desc, "critical ≥ 3600 s");
});

Deno.test("tables that make no sense are refused", () => {
  assert.throws(() => checksOf(NET_CHECK, { targets: ["udp://127.0.0.1:9"] }), /nothing to send/);
  assert.throws(() => checksOf(NET_CHECK, { targets: [] }), /targets/);
  assert.throws(() => checksOf(NET_CHECK, { targets: ["http://x"] }), /scheme/);
});
