import assert from "node:assert/strict";
import { SYSCTL_CHECK } from "../../lib/checks/sysctl.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { gather, makeCheck, refusals } from "./check_rig.ts";

const HOST = new FixtureFacts({
  files: {
    "/proc/sys/vm/swappiness": "60\n",
    "/proc/sys/net/ipv4/tcp_rmem": "4096\t131072\t6291456\n",
    "/proc/sys/net/ipv4/conf/eth0.100/forwarding": "1\n",
    "/proc/sys/fs/file-max": "9223372036854775807\n",
    "/proc/sys/kernel/core_pattern": "|/bin/false\n",
  },
});

async function status(param: Record<string, unknown>) {
  return (await gather(makeCheck(SYSCTL_CHECK, { params: [param] }, { host: HOST })))[0]?.status;
}

Deno.test("sysctl: a setting that differs is told with what it is and what it should be", async () => {
  const params = [
    { key: "vm.swappiness", op: "le", value: 10, severity: "Critical" },
    { key: "kernel.core_pattern", value: "|/bin/false" },
  ];
  const findings = await gather(makeCheck(SYSCTL_CHECK, { params }, { host: HOST }));
  assert.deepEqual(findings, [{
    labels: { check: "sysctl::param_check", target: "vm.swappiness le" },
    status: "Critical",
    description: "vm.swappiness is 60; it should be ≤ 10",
    attrs: { current_value: "60", threshold_desc: "≤ 10" },
  }, {
    labels: { check: "sysctl::param_check", target: "kernel.core_pattern" },
    status: "Ok",
    description: "kernel.core_pattern is |/bin/false",
    attrs: { current_value: "|/bin/false", threshold_desc: "= |/bin/false" },
  }]);
});

Deno.test("sysctl: every operator compares as it says", async () => {
  const holds: Record<string, [string, string]> = {
    eq: ["60", "61"],
    ne: ["61", "60"],
    ge: ["60", "61"],
    le: ["60", "59"],
    gt: ["59", "60"],
    lt: ["61", "60"],
  };
  for (const [op, [good, bad]] of Object.entries(holds)) {
    assert.equal(await status({ key: "vm.swappiness", op, value: good }), "Ok", `${op} ${good}`);
    assert.equal(await status({ key: "vm.swappiness", op, value: bad }), "Warning", `${op} ${bad}`);
  }
});

Deno.test("sysctl: several figures, large figures and other ways to write a number are compared as meant", async () => {
  assert.equal(await status({ key: "net.ipv4.tcp_rmem", value: "4096 131072  6291456" }), "Ok");
  assert.equal(await status({ key: "net.ipv4.tcp_rmem", op: "ge", value: 1 }), "Warning");
  assert.equal(await status({ key: "fs.file-max", value: "9223372036854775807" }), "Ok");
  assert.equal(await status({ key: "fs.file-max", value: "9223372036854775806" }), "Warning");
  assert.equal(await status({ key: "vm.swappiness", value: "060" }), "Ok");
  assert.equal(await status({ key: "net/ipv4/conf/eth0.100/forwarding", value: "1" }), "Ok");
});

Deno.test("sysctl: a setting that is not there is told: it may be misspelt", async () => {
  const params = [{ key: "vm.swapiness", value: "60" }];
  const [finding] = await gather(makeCheck(SYSCTL_CHECK, { params }, { host: HOST }));
  assert.equal(finding?.status, "Warning");
  assert.equal(finding?.attrs.current_value, "absent");
});

Deno.test("sysctl: keys that leave /proc/sys, and comparisons that mean nothing, are refused", () => {
  for (const key of ["../kernel", "vm/../../1/environ", "/vm/x", "vm..x", "vm", "vm.", "a b.c", "vm.x\n"]) {
    assert.notDeepEqual(refusals(SYSCTL_CHECK, { params: [{ key, value: "1" }] }), [], key);
  }
  const text = refusals(SYSCTL_CHECK, { params: [{ key: "vm.x", op: "lt", value: "many" }] });
  assert.match(text.join(), /params.0.value: must be a number/);
  assert.notDeepEqual(refusals(SYSCTL_CHECK, { params: [] }), []);
});
