import assert from "node:assert/strict";
import { HOSTIDENT_CHECK } from "../../lib/checks/hostident.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { recordedHost } from "../host/recorded_host.ts";
import { gather, makeCheck, MapMemory } from "./check_rig.ts";

Deno.test("hostident: what it finds first is known from then on, and a change is told once", async () => {
  const host = recordedHost();
  const memory = new MapMemory();
  const check = makeCheck(HOSTIDENT_CHECK, {}, { host, memory });
  assert.deepEqual((await gather(check)).map(({ status }) => status), ["Ok", "Ok"]);
  host.facts = { ...host.facts, hostname: "web-2" };
  const [name, ip] = await gather(check);
  assert.equal(name?.status, "Warning");
  assert.equal(name?.description, "the host's name is web-2, it was web-1");
  assert.deepEqual(name?.labels, { check: "hostident::hostname_changed", target: "host" });
  assert.equal(name?.momentary, true);
  assert.equal(ip?.status, "Ok");
  assert.deepEqual((await gather(check)).map(({ status }) => status), ["Ok", "Ok"]);
});

Deno.test("hostident: a change while the agent was down is told after its start", async () => {
  const memory = new MapMemory();
  await gather(makeCheck(HOSTIDENT_CHECK, {}, { host: recordedHost(), memory }));
  const later = makeCheck(HOSTIDENT_CHECK, { severity: "Critical" }, {
    host: recordedHost({ ip: "192.0.2.99" }),
    memory,
  });
  const [, ip] = await gather(later);
  assert.equal(ip?.status, "Critical");
  assert.equal(ip?.description, "the host's address is 192.0.2.99, it was 192.0.2.7");
});

Deno.test("hostident: nothing is written while nothing changes", async () => {
  const memory = new MapMemory();
  const check = makeCheck(HOSTIDENT_CHECK, {}, { host: recordedHost(), memory });
  for (let turn = 0; turn < 3; turn++) await gather(check);
  assert.equal(memory.writes, 2);
});

Deno.test("hostident: what must not be seen is left out, and nothing at all is unavailable", async () => {
  const host = recordedHost();
  host.facts = { hostname: "web-1" };
  const names = (await gather(makeCheck(HOSTIDENT_CHECK, {}, { host }))).map(({ labels }) => labels.check);
  assert.deepEqual(names, ["hostident::hostname_changed"]);
  host.facts = {};
  await assert.rejects(gather(makeCheck(HOSTIDENT_CHECK, {}, { host })), FactUnavailableError);
  const off = { hostname: false, ip: false };
  assert.deepEqual(await gather(makeCheck(HOSTIDENT_CHECK, off, { host })), []);
});
