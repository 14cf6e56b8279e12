import assert from "node:assert/strict";
import { PSI_CHECK } from "../../lib/checks/psi.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { treeHost } from "../host/fixture_tree.ts";
import { gather, makeCheck } from "./check_rig.ts";

const line = (kind: string, avg60: number) =>
  `${kind} avg10=1.00 avg60=${avg60.toFixed(2)} avg300=3.00 total=12\n`;

function host(files: Record<string, string>): FixtureFacts {
  return new FixtureFacts({
    files: Object.fromEntries(Object.entries(files).map(([name, text]) => [`/proc/pressure/${name}`, text])),
  });
}

Deno.test("psi: each resource is rated by what tasks waited in the last minute", async () => {
  const check = makeCheck(PSI_CHECK, {}, {
    host: host({
      cpu: line("some", 61) + line("full", 99),
      memory: line("some", 10) + line("full", 15),
      io: line("some", 0),
    }),
  });
  const findings = await gather(check);
  assert.deepEqual(findings.map(({ labels, status }) => [labels.check, labels.target, status]), [
    ["psi::cpu_some", "cpu", "Warning"],
    ["psi::memory_some", "memory", "Ok"],
    ["psi::memory_full", "memory", "Critical"],
    ["psi::io_some", "io", "Ok"],
  ]);
  assert.equal(findings[0]?.description, "time with tasks waiting for a processor 61.0 % ≥ 60 %");
  assert.equal(findings[0]?.detail, "1.0 %, 61.0 %, 3.0 % over 10, 60, 300 s");
});

Deno.test("psi: a recorded machine is understood", async () => {
  const findings = await gather(makeCheck(PSI_CHECK, {}, { host: treeHost("debian_6") }));
  assert.equal(findings.length, 5);
  assert(findings.every(({ value }) => value !== undefined && value >= 0 && value <= 100));
});

Deno.test("psi: a kernel without pressure figures makes it unavailable, and the message says what it needs", async () => {
  const without = makeCheck(PSI_CHECK, {}, { host: treeHost("kernel_3_10") });
  await assert.rejects(gather(without), {
    name: "FactUnavailableError",
    message: /keeps no such figures; it needs Linux 4\.20/,
  });
});
