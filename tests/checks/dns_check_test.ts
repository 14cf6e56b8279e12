import assert from "node:assert/strict";
import { DNS_CHECK } from "../../lib/checks/dns.ts";
import { optionsSchema } from "../../lib/checks/definition.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { a, dnsResponder, failingResponder } from "../host/probes/dns_responder.ts";
import { UdpServer } from "../host/probes/udp_server.ts";
import { checksOf, findingOf, findingsOf, statuses } from "./probe_rig.ts";

Deno.test("a name that resolves is well, one that does not is critical", async () => {
  await using server = await dnsResponder({ "shop.test": [a("192.0.2.1")] });
  const servers = [`127.0.0.1:${server.port}`];
  const well = await findingsOf(DNS_CHECK, { names: ["shop.test"], servers });
  assert.deepEqual(statuses(well), { "dns::resolution": "Ok" });
  assert.deepEqual(well[0]?.labels, {
    check: "dns::resolution",
    target: `shop.test@${servers[0]}`,
    type: "A",
  });
  assert.equal(well[0]?.attrs.current_value, "192.0.2.1");
  const [gone] = await findingsOf(DNS_CHECK, { names: ["gone.test"], servers, severity: "Warning" });
  assert.equal(gone?.status, "Warning");
});

Deno.test("without servers names resolve as this system does it", async () => {
  const found = await findingsOf(DNS_CHECK, { names: ["localhost"], expected_ips: ["127.0.0.1"] });
  assert.deepEqual(statuses(found), { "dns::resolution": "Ok", "dns::expected_ips": "Ok" });
  const [gone] = await findingsOf(DNS_CHECK, { names: ["no-such-name.invalid"] });
  assert.equal(gone?.status, "Critical");
});

Deno.test("an address that is not expected is critical, one that is left out is not", async () => {
  await using server = await dnsResponder({ "shop.test": [a("192.0.2.1"), a("203.0.113.9")] });
  const table = { names: ["shop.test"], servers: [`127.0.0.1:${server.port}`] };
  const strange = await findingsOf(DNS_CHECK, { ...table, expected_ips: ["192.0.2.1"] });
  assert.match(findingOf(strange, "dns::expected_ips").description, /203\.0\.113\.9, which is not expected/);
  const all = { ...table, expected_ips: ["192.0.2.1", "192.0.2.2", "203.0.113.9"] };
  assert.equal(findingOf(await findingsOf(DNS_CHECK, all), "dns::expected_ips").status, "Ok");
});

Deno.test("each server is asked, and one that fails says nothing of the others", async () => {
  await using good = await dnsResponder({ "shop.test": [a("192.0.2.1")] });
  await using bad = await failingResponder(2);
  const servers = [good, bad].map(({ port }) => `127.0.0.1:${port}`);
  const found = await findingsOf(DNS_CHECK, { names: ["shop.test"], servers });
  assert.deepEqual(found.map(({ status }) => status), ["Ok", "Critical"]);
});

Deno.test("a server that says nothing is critical within the query's time", async () => {
  await using server = await UdpServer.listen(() => undefined);
  const clock = new FakeClock();
  const table = { names: ["shop.test"], servers: [`127.0.0.1:${server.port}`], query_timeout: "2s" };
  const waiting = findingsOf(DNS_CHECK, table, clock);
  await until("the question came", () => server.received.length > 0);
  await clock.tick(2000);
  assert.match((await waiting)[0]?.description ?? "", /no answer within 2 s/);
});

Deno.test("needs name the servers, or the name where the system is asked", () => {
  const schema = optionsSchema(DNS_CHECK);
  const needs = (table: object) => DNS_CHECK.needs(schema.parse(table));
  assert.deepEqual(needs({ names: ["a.test"] }), [{ net: "a.test" }]);
  assert.deepEqual(needs({ names: ["a.test"], servers: ["2001:db8::1"] }), [{ net: "[2001:db8::1]:53" }]);
});

Deno.test("tables that make no sense are refused", () => {
  const names = ["a.test"];
  assert.throws(() => checksOf(DNS_CHECK, { names, type: "MX" }), /add servers/);
  assert.throws(() => checksOf(DNS_CHECK, { names, expected_ips: ["::1"] }), /no A record/);
  assert.throws(() => checksOf(DNS_CHECK, { names, servers: ["dns.example"] }), /must be an address/);
  assert.throws(() => checksOf(DNS_CHECK, { names: ["a..b"] }), /must be a name/);
  assert.throws(() => checksOf(DNS_CHECK, { names: [`${"a".repeat(200)}!`] }), /must be a name/);
});
