import assert from "node:assert/strict";
import { NETIF_CHECK } from "../../lib/checks/netif.ts";
import type { Check, Finding } from "../../lib/checks/check.ts";
import { optionsSchema } from "../../lib/checks/definition.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { netFiles, netHost } from "../host/net/net_tree.ts";
import { gather, makeCheck, MapMemory, refusals } from "./check_rig.ts";

/** The text of /proc/net/dev with these counters of eth0. */
function dev(
  counters: { rxErrors?: number; rxDrops?: number; txErrors?: number; txDrops?: number } = {},
): string {
  const { rxErrors = 0, rxDrops = 0, txErrors = 0, txDrops = 0 } = counters;
  const idle = "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0";
  return `Inter-|\n face |\n  eth0: 1 1 ${rxErrors} ${rxDrops} 0 0 0 0 1 1 ${txErrors} ${txDrops} 0 0 0 0\n` +
    `veth0: ${idle}\n    lo: ${idle}\n`;
}

class Rig {
  readonly clock = new FakeClock();
  readonly host = new FixtureFacts({ files: { "/proc/net/dev": dev() } });
  readonly check: Check;

  constructor(settings: Record<string, unknown> = {}) {
    this.check = makeCheck(NETIF_CHECK, settings, { clock: this.clock, host: this.host });
  }

  /** Gathers with these counters, `ms` after the last time. */
  async look(counters: Parameters<typeof dev>[0], ms = 30_000): Promise<Finding[]> {
    await this.clock.tick(ms);
    this.host.facts = { files: { "/proc/net/dev": dev(counters) } };
    return await gather(this.check);
  }

  /** The first gather, which takes its own second. */
  async first(): Promise<Finding[]> {
    const findings = gather(this.check);
    await this.clock.tick(1000);
    return await findings;
  }
}

function rated(findings: readonly Finding[], dimension: string) {
  return findings.filter(({ labels }) => labels.check === `netif::${dimension}`)
    .map(({ labels, status, value }) => ({ target: labels.target, status, value }));
}

Deno.test("the first gather measures over a second of its own, and leaves loopback and veth out", async () => {
  const findings = await new Rig().first();
  assert.deepEqual(rated(findings, "errors"), [{ target: "eth0", status: "Ok", value: 0 }]);
  assert.deepEqual(rated(findings, "drops"), [{ target: "eth0", status: "Ok", value: 0 }]);
});

Deno.test("errors of both directions in the last minute are rated, and over when the minute is", async () => {
  const rig = new Rig();
  await rig.first();
  const bad = await rig.look({ rxErrors: 6, txErrors: 5 });
  assert.deepEqual(rated(bad, "errors"), [{ target: "eth0", status: "Warning", value: 11 }]);
  assert.equal(bad[0]?.description, "packets with errors on eth0 11 per minute ≥ 10 per minute");
  assert.deepEqual(rated(await rig.look({ rxErrors: 106, txErrors: 5 }), "errors")[0]?.status, "Critical");
  await rig.look({ rxErrors: 106, txErrors: 5 }, 30_000);
  assert.deepEqual(rated(await rig.look({ rxErrors: 106, txErrors: 5 }, 31_000), "errors"), [
    { target: "eth0", status: "Ok", value: 0 },
  ]);
});

Deno.test("drops have thresholds of their own", async () => {
  const rig = new Rig({ drops: { warn_ge: 2, critical_ge: 0 } });
  await rig.first();
  const findings = await rig.look({ rxDrops: 5000, txDrops: 1 });
  assert.deepEqual(rated(findings, "drops"), [{ target: "eth0", status: "Warning", value: 5001 }]);
});

Deno.test("an interface that was made anew tells nothing once, and is counted from there", async () => {
  const rig = new Rig();
  await rig.first();
  await rig.look({ rxErrors: 500 });
  assert.deepEqual(rated(await rig.look({ rxErrors: 2 }), "errors"), []);
  assert.deepEqual(rated(await rig.look({ rxErrors: 3 }), "errors")[0]?.value, 1);
});

Deno.test("interfaces are chosen by pattern", async () => {
  const rig = new Rig({ interfaces: ["v*", "lo"], ignore: ["lo"] });
  assert.deepEqual(rated(await rig.first(), "errors").map(({ target }) => target), ["veth0"]);
});

Deno.test("a gather that is aborted while it waits leaves no timer", async () => {
  const rig = new Rig();
  const stop = new AbortController();
  const gathering = rig.check.gather(stop.signal);
  const refused = assert.rejects(gathering, /enough/);
  await rig.clock.tick(10);
  stop.abort(new Error("enough"));
  await refused;
  assert.equal(rig.clock.pendingTimers, 0);
});

/** The checks of the links that are to be up, on a recorded host. */
function linkChecks(names: string[], host = netHost("net_busy")): Check[] {
  const settings = optionsSchema(NETIF_CHECK).parse({ link_up: names });
  return NETIF_CHECK.make(settings, { host, clock: new FakeClock(), memory: new MapMemory() }).slice(1);
}

Deno.test("links that are to be up: up, down, missing, and one whose driver does not tell", async () => {
  const states = [];
  for (const check of linkChecks(["eth0", "eth1", "eth7", "tun0", "lo"])) {
    const [finding] = await gather(check);
    states.push([finding?.labels.target, finding?.status, finding?.attrs.current_value]);
  }
  assert.deepEqual(states, [
    ["eth0", "Ok", "up"],
    ["eth1", "Critical", "down"],
    ["eth7", "Critical", "missing"],
    ["tun0", "Ok", "up"],
    ["lo", "Critical", "down"],
  ]);
});

Deno.test("where the kernel's files cannot be read, the check is unavailable", async () => {
  const [link] = linkChecks(["eth0"], new FixtureFacts() as never);
  await assert.rejects(gather(link as Check), FactUnavailableError);
  await assert.rejects(
    gather(makeCheck(NETIF_CHECK, {}, { host: new FixtureFacts() })),
    FactUnavailableError,
  );
});

Deno.test("a host without network interfaces has no findings", async () => {
  const files = { ...netFiles("net_busy"), "/proc/net/dev": "Inter-|\n face |\n" };
  assert.deepEqual(await gather(makeCheck(NETIF_CHECK, {}, { host: new FixtureFacts({ files }) })), []);
});

Deno.test("names that are no interface's are refused", () => {
  for (const name of ["../../etc", "eth*", "", ".", "..", "a-name-that-is-too-long"]) {
    assert.equal(refusals(NETIF_CHECK, { link_up: [name] }).length > 0, true, name);
  }
  assert.deepEqual(refusals(NETIF_CHECK, { link_up: ["enp3s0f0.100"] }), []);
});
