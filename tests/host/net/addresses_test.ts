import assert from "node:assert/strict";
import { FixtureFacts } from "../../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../../lib/host/host_facts.ts";
import { hostAddresses } from "../../../lib/host/net/addresses.ts";
import { netHost } from "./net_tree.ts";

const CONTAINERS = [
  { name: "lo", family: "IPv4", address: "127.0.0.1", netmask: "255.0.0.0", mac: "" },
  { name: "eth0", family: "IPv4", address: "172.17.0.2", netmask: "255.255.0.0", mac: "" },
  { name: "eth0", family: "IPv6", address: "fe80::42", netmask: "ffff:ffff:ffff:ffff::", mac: "" },
] as const;

Deno.test("in a container that sees the host's files, the addresses are the host's", async () => {
  const rows = await hostAddresses(netHost("net_busy", { interfaces: CONTAINERS }));
  const texts = rows.map(({ device, address, prefix }) => `${device} ${address}/${prefix}`);
  assert.deepEqual(texts, [
    "lo 127.0.0.1/8",
    "eth0 10.0.0.10/24", // placed by the route to its neighbours
    "lo ::1/128",
    "eth0 fe80::ff:fe00:1/64",
    "eth0 2001:db8::1/64",
  ]);
});

Deno.test("without the kernel's files the runtime's answer stands", async () => {
  const rows = await hostAddresses(new FixtureFacts({ interfaces: CONTAINERS }));
  assert.deepEqual(rows.map(({ address, prefix }) => [address, prefix]), [
    ["127.0.0.1", 8],
    ["172.17.0.2", 16],
    ["fe80::42", 64],
  ]);
});

Deno.test("where nothing can be seen, it says what would help", async () => {
  await assert.rejects(hostAddresses(new FixtureFacts()), (error: unknown) => {
    assert.ok(error instanceof FactUnavailableError);
    assert.match(error.message, /--allow-sys=networkInterfaces/);
    return true;
  });
});
