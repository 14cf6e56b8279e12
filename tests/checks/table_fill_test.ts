import assert from "node:assert/strict";
import { CONNTRACK_CHECK } from "../../lib/checks/conntrack.ts";
import { NEIGH_CHECK } from "../../lib/checks/neigh.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { netFiles, netHost } from "../host/net/net_tree.ts";
import { gather, makeCheck } from "./check_rig.ts";

const files = netFiles("net_busy");

function without(...paths: string[]): FixtureFacts {
  return new FixtureFacts({
    files: Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path))),
  });
}

Deno.test("conntrack: entries of the network that is looked at, not of the reader's", async () => {
  const [finding] = await gather(makeCheck(CONNTRACK_CHECK, {}, { host: netHost("net_busy") }));
  assert.deepEqual([finding?.status, finding?.value, finding?.detail], ["Warning", 80, "200 of 250 entries"]);
  assert.equal(finding?.description, "connection tracking table usage 80.0 % ≥ 75 %");
});

Deno.test("conntrack: a kernel without the statistics tells the count all the same", async () => {
  const [finding] = await gather(
    makeCheck(CONNTRACK_CHECK, {}, { host: without("/proc/net/stat/nf_conntrack") }),
  );
  assert.deepEqual([finding?.status, finding?.detail], ["Ok", "7 of 250 entries"]);
});

Deno.test("conntrack: nothing is found where no connections are tracked", async () => {
  const host = without("/proc/sys/net/netfilter/nf_conntrack_max");
  assert.deepEqual(await gather(makeCheck(CONNTRACK_CHECK, {}, { host })), []);
  await assert.rejects(gather(makeCheck(CONNTRACK_CHECK, {})), FactUnavailableError);
});

Deno.test("neigh: both families, without the entries that were set for good", async () => {
  const findings = await gather(makeCheck(NEIGH_CHECK, {}, { host: netHost("net_busy") }));
  assert.deepEqual(findings.map(({ labels, status, detail }) => [labels.target, status, detail]), [
    ["ipv4", "Critical", "1000 of 1024 entries"],
    ["ipv6", "Ok", "5 of 1024 entries"],
  ]);
});

Deno.test("neigh: a kernel without the statistics tells the neighbours that it lists", async () => {
  const host = without("/proc/net/stat/arp_cache", "/proc/net/stat/ndisc_cache");
  const findings = await gather(makeCheck(NEIGH_CHECK, {}, { host }));
  assert.deepEqual(findings.map(({ detail }) => detail), ["2 of 1024 entries"]);
});

Deno.test("neigh: where the limit cannot be seen, the check says why", async () => {
  const host = without("/proc/sys/net/ipv4/neigh/default/gc_thresh3");
  await assert.rejects(gather(makeCheck(NEIGH_CHECK, {}, { host })), /run the agent in that/);
});
