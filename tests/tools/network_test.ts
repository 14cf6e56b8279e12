import assert from "node:assert/strict";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError, type HostFacts } from "../../lib/host/host_facts.ts";
import { NETWORK_TOOLS } from "../../lib/tools/network.ts";
import { ToolPolicy } from "../../lib/tools/policy.ts";
import { ToolRegistry } from "../../lib/tools/registry.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { netFiles, netHost } from "../host/net/net_tree.ts";
import { assertPlain } from "./plain_json.ts";

const links = {
  "/proc/77/fd/3": "socket:[50100]",
  "/proc/77/fd/4": "socket:[50102]",
  "/proc/77/fd/5": "socket:[50103]",
  "/proc/77/fd/6": "socket:[50104]",
};
/** A process's own network is, here, the host's. */
const files = netFiles("net_busy");
const own = Object.entries(files).filter(([path]) => path.startsWith("/proc/net/"))
  .map(([path, text]) => [path.replace("/proc/", "/proc/77/"), text]);
const busy = new FixtureFacts({
  files: { ...files, ...Object.fromEntries(own), "/proc/77/comm": "shop\n" },
  links,
});

async function run(name: string, args: Record<string, unknown> = {}, host: HostFacts = busy) {
  const clock = new FakeClock();
  const registry = new ToolRegistry({ tools: NETWORK_TOOLS, host, clock, policy: ToolPolicy.all() });
  const running = registry.run(name, args, new AbortController().signal);
  running.catch(() => {}); // looked at below
  await clock.tick(1000);
  const { text, data } = await running;
  assertPlain(data);
  // deno-lint-ignore no-explicit-any -- what a tool tells is JSON: the assertions say what it has to be
  return { text, data: data as any };
}

Deno.test("listening ports: the most crowded first, with program, pid and what waits", async () => {
  const { text, data } = await run("network_listen_ports");
  assert.deepEqual(data.ports[0], {
    protocol: "tcp",
    address: "0.0.0.0",
    port: 8080,
    endpoint: "0.0.0.0:8080",
    accept_queue: 3,
    half_open: 1,
    connections: 4,
    pid: 77,
    program: "shop",
  });
  assert.deepEqual(data.ports.map(({ port }: { port: number }) => port), [8080, 22, 3306, 53, 514]);
  assert.match(text, /tcp {4}0\.0\.0\.0:8080 +3 +1 +4 +shop \(pid 77\)/);
  assert.equal((await run("network_listen_ports", { udp: "no" })).data.total, 3);
});

Deno.test("listening ports are shown without programs where processes must not be listed", async () => {
  const host = new FixtureFacts({ files });
  host.list = () => Promise.reject(new FactUnavailableError("cannot list /proc: not permitted"));
  const { text, data } = await run("network_listen_ports", {}, host);
  assert.deepEqual([data.total, data.owners_complete], [5, false]);
  assert.match(text, /not permitted/);
});

Deno.test("states: every one with its count, the most frequent first", async () => {
  const { data } = await run("tcp_state_distribution");
  assert.deepEqual([data.total, data.close_wait, data.time_wait], [14, 3, 2]);
  assert.deepEqual(data.states[0], { state: "ESTABLISHED", count: 5 });
});

Deno.test("connections by local port: whose they are, in the state that was asked for", async () => {
  const { text, data } = await run("top_connections_by_local_port", { state: "close-wait" });
  assert.deepEqual(data.ports, [
    { port: 8080, listening: true, connections: 3, close_wait: 3, pid: 77, program: "shop" },
  ]);
  assert.match(text, /^3 connections in CLOSE_WAIT, on 1 local ports/);
});

Deno.test("connections by remote port: only those that this host opened", async () => {
  const { data } = await run("top_connections_by_port");
  assert.deepEqual(data.ports, [{ port: 5432, connections: 4, close_wait: 0 }]);
});

Deno.test("connections by peer: an IPv4 peer of an IPv6 socket is the same peer", async () => {
  const { data } = await run("top_connections_by_peer");
  assert.deepEqual(data.peers, [
    { address: "10.0.51.100", connections: 6, inbound: 6, outbound: 0, busiest_port: 8080 },
    { address: "10.0.0.50", connections: 4, inbound: 0, outbound: 4, busiest_port: 5432 },
    { address: "2001:db8::2", connections: 1, inbound: 1, outbound: 0, busiest_port: 22 },
  ]);
});

Deno.test("a state that there is not is refused with those that there are", async () => {
  await assert.rejects(run("top_connections_by_peer", { state: "dancing" }), /one of ESTABLISHED, SYN_SENT/);
});

Deno.test("who holds connections in CLOSE_WAIT, and who has not accepted them", async () => {
  const { text, data } = await run("close_wait_owners");
  assert.equal(
    text,
    "3 connections in CLOSE_WAIT\n  shop (pid 77) holds 2 on port 8080\n  shop (pid 77) has 1 not accepted on port 8080",
  );
  assert.deepEqual(data.holders, [
    { pid: 77, program: "shop", port: 8080, count: 2, unaccepted: false },
    { pid: 77, program: "shop", port: 8080, count: 1, unaccepted: true },
  ]);
});

Deno.test("the connections of one process, the fullest queues first", async () => {
  const { data } = await run("connections_of_process", { pid: 77 });
  assert.deepEqual([data.program, data.sockets, data.total], ["shop", 4, 4]);
  assert.deepEqual(data.connections[0], {
    protocol: "tcp",
    local: "10.0.0.10:40000",
    remote: "10.0.0.50:5432",
    state: "ESTABLISHED",
    send_queue: 0xa2b,
    receive_queue: 0,
  });
  await assert.rejects(run("connections_of_process", { pid: 78 }), /none of that number/);
});

Deno.test("overflows: counted over the interval and since boot; a port that nobody listens on is refused", async () => {
  const { data } = await run("listen_overflow");
  assert.deepEqual([data.overflows, data.overflows_since_boot, data.drops_since_boot, data.somaxconn], [
    0,
    41,
    57,
    128,
  ]);
  assert.deepEqual(
    data.listeners.map(({ port, program }: { port: number; program: string }) => [port, program]),
    [
      [8080, "shop"],
    ],
  );
  await assert.rejects(run("listen_overflow", { port: "81" }), /nothing listens on it/);
});

Deno.test("retransmissions are a share of what was sent in the interval", async () => {
  const clock = new FakeClock();
  const snmp = (out: number, again: number) => `Tcp: OutSegs RetransSegs\nTcp: ${out} ${again}\n`;
  const host = new FixtureFacts({ files: { "/proc/net/snmp": snmp(1000, 10) } });
  const registry = new ToolRegistry({ tools: NETWORK_TOOLS, host, clock, policy: ToolPolicy.all() });
  const running = registry.run("tcp_retrans_rate", {}, new AbortController().signal);
  await clock.tick(500);
  host.facts = { files: { "/proc/net/snmp": snmp(1095, 15) } };
  await clock.tick(500);
  // deno-lint-ignore no-explicit-any -- as above
  const data = (await running).data as any;
  assert.deepEqual([data.segments_sent, data.segments_retransmitted, data.retransmitted_pct], [95, 5, 5]);
});

Deno.test("interfaces: trouble first, with state, addresses and counters", async () => {
  const interfaces = [{
    name: "eth0",
    family: "IPv4",
    address: "10.0.0.10",
    netmask: "255.255.255.0",
    mac: "",
  }] as const;
  const { data, text } = await run("network_interfaces", {}, netHost("net_busy", { interfaces }));
  assert.equal(data.total, 5);
  const [eth0] = data.interfaces;
  assert.deepEqual([eth0.name, eth0.state, eth0.speed_mbit, eth0.rx.errors], ["eth0", "up", 1000, 12]);
  assert.deepEqual(eth0.addresses, ["10.0.0.10/24", "fe80::ff:fe00:1/64", "2001:db8::1/64"]);
  assert.match(text, /eth0 +up +5\.0 GiB +2\.0 GiB +13 +342/);
});

Deno.test("one interface in detail; one that there is not is refused", async () => {
  const { data } = await run("net_interface", { name: "eth1" }, netHost("net_busy"));
  assert.deepEqual(data.interfaces.map(({ name, state }: { name: string; state: string }) => [name, state]), [
    ["eth1", "down"],
  ]);
  await assert.rejects(run("net_interface", { name: "eth9" }, netHost("net_busy")), /none of the name/);
});

Deno.test("interfaces are shown without counters where only the runtime tells of them", async () => {
  const host = new FixtureFacts({
    interfaces: [{ name: "en0", family: "IPv4", address: "10.1.1.1", netmask: "255.0.0.0", mac: "" }],
  });
  const { data } = await run("network_interfaces", {}, host);
  assert.deepEqual(data.interfaces, [{ name: "en0", addresses: ["10.1.1.1/8"] }]);
});

Deno.test("addresses, routes and neighbours", async () => {
  const { data: addresses } = await run("ip_addr", { show_lo: true });
  assert.equal(addresses.addresses.length, 5);
  const { data: routes, text } = await run("route_table", { show_v6: true });
  assert.equal(routes.total, 5);
  assert.match(text, /default +10\.0\.0\.1 +eth0 +100/);
  const { data: neighbours } = await run("arp_neigh");
  assert.deepEqual([neighbours.neighbours, neighbours.incomplete, neighbours.shown.length], [3, 1, 1]);
  assert.equal((await run("arp_neigh", { show_all: true })).data.shown.length, 3);
});

Deno.test("counters: trouble only where there is some, softnet by processor, conntrack by share", async () => {
  const { data: netstat } = await run("netstat_summary");
  assert.ok(netstat.trouble.every(({ count }: { count: number }) => count > 0));
  assert.ok(netstat.trouble.some(({ name }: { name: string }) => name === "ListenOverflows"));
  const { data: softnet } = await run("softnet_stat");
  assert.deepEqual([softnet.dropped, softnet.cpus[0].cpu], [10, 3]);
  const { data: conntrack } = await run("conntrack_stat");
  assert.deepEqual([conntrack.entries, conntrack.max, conntrack.used_pct, conntrack.drop], [
    200,
    250,
    80,
    10,
  ]);
  const { data: sockets } = await run("sockstat_summary");
  assert.deepEqual([sockets.tcp_inuse, sockets.tcp6_inuse, sockets.tcp_memory_pages], [11, 2, 96]);
  const { data: summary } = await run("network_connections_summary");
  assert.deepEqual([summary.tcp, summary.udp, summary.unix, summary.unix_listening], [14, 2, 4, 2]);
});

Deno.test("settings of TCP that the counters show to be too small have a note, and come first", async () => {
  const { data } = await run("tcp_tuning_check");
  const noted = data.settings.slice(0, data.notes).map(({ key }: { key: string }) => key);
  assert.deepEqual(noted, ["net.core.somaxconn", "net.ipv4.tcp_syncookies", "net.ipv4.ip_local_port_range"]);
});

Deno.test("a host that shows nothing makes every tool unavailable, with the reason", async () => {
  for (const { name } of NETWORK_TOOLS) {
    const args = name === "connections_of_process" ? { pid: 1 } : {};
    await assert.rejects(run(name, args, new FixtureFacts()), /cannot/, name);
  }
});
