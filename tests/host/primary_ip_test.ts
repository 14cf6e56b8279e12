import assert from "node:assert/strict";
import fc from "fast-check";
import { primaryIp } from "../../lib/host/primary_ip.ts";

const v4 = (address: string): { family: "IPv4" | "IPv6"; address: string } => ({ family: "IPv4", address });
const v6 = (address: string): { family: "IPv4" | "IPv6"; address: string } => ({ family: "IPv6", address });

Deno.test("the first IPv4 address that is not the loopback's stands for the host", () => {
  const interfaces = [v6("::1"), v4("127.0.0.1"), v6("2001:db8::1"), v4("192.0.2.7"), v4("192.0.2.8")];
  assert.equal(primaryIp(interfaces), "192.0.2.7");
});

Deno.test("without IPv4 a routable IPv6 address is preferred to a link-local one", () => {
  assert.equal(primaryIp([v4("127.0.0.1"), v6("fe80::1"), v6("2001:db8::1")]), "2001:db8::1");
  assert.equal(primaryIp([v4("127.0.0.1"), v6("FE80::1")]), "FE80::1");
});

Deno.test("a host with a loopback alone, or with nothing, is its loopback", () => {
  assert.equal(primaryIp([v4("127.0.0.1"), v6("::1")]), "127.0.0.1");
  assert.equal(primaryIp([v6("::1")]), "::1");
  assert.equal(primaryIp([]), "127.0.0.1");
});

Deno.test("property: a loopback address is chosen only when there is no other", () => {
  const address = fc.oneof(
    fc.ipV4().map(v4),
    fc.ipV6().map(v6),
    fc.constantFrom(v4("127.0.0.1"), v4("127.1.2.3"), v6("::1"), v6("fe80::2")),
  );
  const isLoopback = (ip: string) => ip.startsWith("127.") || ip === "::1";
  fc.assert(fc.property(fc.array(address, { minLength: 1, maxLength: 8 }), (interfaces) => {
    const ip = primaryIp(interfaces);
    assert(interfaces.some((one) => one.address === ip));
    if (isLoopback(ip)) assert(interfaces.every((one) => isLoopback(one.address)));
    const outwardV4 = interfaces.some((one) => one.family === "IPv4" && !isLoopback(one.address));
    if (outwardV4) assert(!ip.includes(":"));
  }));
});
