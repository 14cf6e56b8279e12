import assert from "node:assert/strict";
import { addressOfBytes, addressOfWords, endpointText } from "../../../lib/host/net/address_text.ts";
import { parseArp } from "../../../lib/host/net/arp.ts";
import { parseCacheStatistics } from "../../../lib/host/net/conntrack.ts";
import { parseLocalAddresses } from "../../../lib/host/net/fib_trie.ts";
import { parseIfInet6 } from "../../../lib/host/net/if_inet6.ts";
import { parseNetDev } from "../../../lib/host/net/net_dev.ts";
import { parseNetstat } from "../../../lib/host/net/netstat.ts";
import { parseIpv6Routes, parseRoutes } from "../../../lib/host/net/routes.ts";
import { parseSockstat } from "../../../lib/host/net/sockstat.ts";
import { parseSoftnet } from "../../../lib/host/net/softnet.ts";
import { tcpStateNumber } from "../../../lib/host/net/tcp_state_name.ts";
import { parseSocketTable } from "../../../lib/host/net/tcp_table.ts";
import { parseUnixTable } from "../../../lib/host/net/unix_table.ts";
import { netText } from "./net_tree.ts";

Deno.test("net/dev: every interface, with the counters of both directions", () => {
  const interfaces = parseNetDev(netText("net_busy", "dev"));
  assert.deepEqual([...interfaces.keys()], ["lo", "eth0", "eth1", "veth1a2b3c", "tun0"]);
  assert.deepEqual(interfaces.get("eth0"), {
    rx: { bytes: 5_368_709_120, packets: 4_000_000, errors: 12, dropped: 340 },
    tx: { bytes: 2_147_483_648, packets: 3_000_000, errors: 1, dropped: 2 },
  });
});

Deno.test("net/dev: old kernels leave no blank after the colon", () => {
  const eth0 = parseNetDev(netText("net_2_6", "dev")).get("eth0");
  assert.equal(eth0?.rx.bytes, 4_294_967_295);
  assert.deepEqual([eth0?.rx.errors, eth0?.rx.dropped, eth0?.tx.errors, eth0?.tx.dropped], [5, 6, 7, 8]);
});

Deno.test("netstat and snmp: counters by protocol and name, settings below zero among them", () => {
  const netstat = parseNetstat(netText("net_busy", "netstat"));
  assert.equal(netstat.get("TcpExt")?.get("ListenOverflows"), 41);
  assert.equal(netstat.get("IpExt")?.get("OutOctets"), 2_254_857_830);
  const tcp = parseNetstat(netText("net_busy", "snmp")).get("Tcp");
  assert.deepEqual([tcp?.get("MaxConn"), tcp?.get("RetransSegs")], [-1, 6200]);
  assert.equal(parseNetstat(netText("net_2_6", "netstat")).get("TcpExt")?.get("ListenDrops"), 11);
});

Deno.test("netstat: a line of names without figures gives no counters", () => {
  assert.deepEqual(parseNetstat("TcpExt: A B\nIpExt: C\nIpExt: 4\n").get("TcpExt"), undefined);
  assert.deepEqual([...parseNetstat("X: A B C\nX: 1 two\n").get("X") ?? []], [["A", 1]]);
});

Deno.test("sockstat: figures by protocol", () => {
  assert.deepEqual([...parseSockstat(netText("net_busy", "sockstat")).get("TCP") ?? []], [
    ["inuse", 11],
    ["orphan", 1],
    ["tw", 2],
    ["alloc", 14],
    ["mem", 96],
  ]);
  assert.equal(parseSockstat(netText("net_busy", "sockstat6")).get("TCP6")?.get("inuse"), 2);
});

Deno.test("tcp: a listener's receive queue is what waits to be accepted", () => {
  const rows = parseSocketTable(netText("net_busy", "tcp"));
  assert.equal(rows.length, 11);
  assert.deepEqual(rows[0], {
    localAddress: "0.0.0.0",
    localPort: 8080,
    remoteAddress: "0.0.0.0",
    remotePort: 0,
    state: 10,
    txQueueBytes: 0,
    rxQueueBytes: 3,
    uid: 1000,
    inode: 50100,
  });
  assert.deepEqual([rows[7]?.remoteAddress, rows[7]?.remotePort, rows[7]?.txQueueBytes], [
    "10.0.0.50",
    5432,
    0xa2b,
  ]);
  assert.equal(parseSocketTable(netText("net_2_6", "tcp"))[0]?.inode, 9012);
});

Deno.test("tcp6: addresses of both families, as people write them", () => {
  const [any, mapped, real] = parseSocketTable(netText("net_busy", "tcp6"));
  assert.equal(any?.localAddress, "::");
  assert.deepEqual([mapped?.localAddress, mapped?.remoteAddress], ["10.0.0.10", "10.0.51.100"]);
  assert.deepEqual([real?.localAddress, real?.remoteAddress], ["2001:db8::1", "2001:db8::2"]);
});

Deno.test("udp: the same grammar", () => {
  const [dns] = parseSocketTable(netText("net_busy", "udp"));
  assert.deepEqual([dns?.localAddress, dns?.localPort, dns?.inode], ["127.0.0.53", 53, 50400]);
});

Deno.test("socket tables: no more rows than asked for, and only those that are kept", () => {
  const text = netText("net_busy", "tcp");
  assert.equal(parseSocketTable(text, { maxRows: 2 }).length, 2);
  assert.equal(parseSocketTable(text, { keep: ({ state }) => state === 8 }).length, 3);
});

Deno.test("unix: kinds, listeners, paths with blanks, names outside of the file system", () => {
  assert.deepEqual(parseUnixTable(netText("net_busy", "unix")), [
    { kind: "stream", isListening: true, inode: 60001, path: "/run/app/one two.sock" },
    { kind: "stream", isListening: false, inode: 60002 },
    { kind: "datagram", isListening: false, inode: 60003, path: "@/org/demo" },
    { kind: "packet", isListening: true, inode: 60004, path: "/run/packet" },
  ]);
});

Deno.test("arp: who answers, who does not, and who was set", () => {
  const states = parseArp(netText("net_busy", "arp")).map(({ address, state }) => [address, state]);
  assert.deepEqual(states, [["10.0.0.1", "complete"], ["10.0.0.9", "incomplete"], [
    "10.0.0.50",
    "permanent",
  ]]);
});

Deno.test("route: the default route, the link, what is refused; what is down is left out", () => {
  assert.deepEqual(parseRoutes(netText("net_busy", "route")), [
    { destination: "default", gateway: "10.0.0.1", device: "eth0", metric: 100, isReject: false },
    { destination: "10.0.0.0/24", device: "eth0", metric: 100, isReject: false },
    { destination: "192.168.0.0/16", device: "*", metric: 0, isReject: true },
  ]);
});

Deno.test("ipv6_route: without the host's own addresses and multicast", () => {
  assert.deepEqual(parseIpv6Routes(netText("net_busy", "ipv6_route")), [
    { destination: "2001:db8::/64", device: "eth0", metric: 256, isReject: false },
    { destination: "default", gateway: "fe80::1", device: "eth0", metric: 1024, isReject: false },
  ]);
});

Deno.test("if_inet6: prefix, scope, and an address that somebody else has, too", () => {
  assert.deepEqual(parseIfInet6(netText("net_busy", "if_inet6")), [
    { device: "lo", address: "::1", prefix: 128, scope: "host", isDuplicate: false },
    { device: "eth0", address: "fe80::ff:fe00:1", prefix: 64, scope: "link", isDuplicate: false },
    { device: "eth0", address: "2001:db8::1", prefix: 64, scope: "global", isDuplicate: true },
  ]);
});

Deno.test("fib_trie: the host's own addresses, each once", () => {
  assert.deepEqual(parseLocalAddresses(netText("net_busy", "fib_trie")), ["10.0.0.10", "127.0.0.1"]);
});

Deno.test("softnet_stat: the processor's number where the kernel tells it, the line's else", () => {
  assert.deepEqual(parseSoftnet(netText("net_busy", "softnet_stat")), [
    { cpu: 0, processed: 586470, dropped: 0, timeSqueezed: 3, flowLimited: 0, backlog: 0 },
    { cpu: 3, processed: 570322, dropped: 10, timeSqueezed: 1, flowLimited: 2, backlog: 7 },
  ]);
  const old = parseSoftnet(netText("net_2_6", "softnet_stat"));
  assert.deepEqual(old[1], { cpu: 1, processed: 123457, dropped: 0, timeSqueezed: 1 });
});

Deno.test("conntrack statistics: one number of entries, all else summed over the processors", () => {
  const { entries, totals } = parseCacheStatistics(netText("net_busy", "stat/nf_conntrack"));
  assert.equal(entries, 200);
  assert.deepEqual([totals.get("drop"), totals.get("early_drop"), totals.get("insert_failed")], [10, 16, 1]);
});

Deno.test("addresses are written as RFC 5952 has it", () => {
  assert.equal(addressOfBytes("20010db8000000000001000000000001"), "2001:db8::1:0:0:1");
  assert.equal(addressOfBytes("20010db8000100010001000100010000"), "2001:db8:1:1:1:1:1:0");
  assert.equal(addressOfBytes("0".repeat(32)), "::");
  assert.equal(addressOfWords("0100007F"), "127.0.0.1");
  assert.equal(addressOfWords("0100007"), undefined);
  assert.equal(endpointText("::1", 80), "[::1]:80");
});

Deno.test("a state is known by whatever name people give it", () => {
  assert.deepEqual(
    ["ESTABLISHED", "estab", "close-wait", "CLOSE_WAIT", "FIN-WAIT-2", "syn_rcvd", "Listen"].map(
      tcpStateNumber,
    ),
    [1, 1, 8, 8, 5, 3, 10],
  );
  assert.equal(tcpStateNumber("nonsense"), undefined);
});
