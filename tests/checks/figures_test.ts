import assert from "node:assert/strict";
import type { Check, Finding } from "../../lib/checks/check.ts";
import { cpuCheck } from "../../lib/checks/cpu.ts";
import { diskCheck } from "../../lib/checks/disk.ts";
import { loadCheck } from "../../lib/checks/load.ts";
import { memCheck } from "../../lib/checks/mem.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { cpuReadings, fileSystem, GIB, recordedHost } from "../host/recorded_host.ts";

const NEVER = new AbortController().signal;

async function only(check: Check, clock = new FakeClock()): Promise<Finding> {
  const gathering = check.gather(NEVER);
  await clock.tick(200);
  const [finding] = await gathering;
  assert(finding);
  return finding;
}

function memory(usedPercent: number) {
  const totalBytes = 100 * GIB;
  return { totalBytes, availableBytes: (100 - usedPercent) * GIB, swapTotalBytes: 0, swapFreeBytes: 0 };
}

Deno.test("cpu: usage between the check's own two readings", async () => {
  const clock = new FakeClock();
  const finding = await only(cpuCheck({ host: recordedHost({ cpuTimes: cpuReadings(12.5) }), clock }), clock);
  assert.deepEqual(finding, {
    labels: { check: "cpu::cpu_usage", target: "cpu" },
    status: "Ok",
    description: "processor usage 12.5 %",
    attrs: { current_value: "12.5 %", threshold_desc: "warning ≥ 80 %, critical ≥ 90 %" },
    value: 12.5,
    detail: "4 processors",
  });
});

Deno.test("load: the 5-minute average is divided among the processors", async () => {
  const finding = await only(loadCheck({ host: recordedHost({ loadAverages: [1, 14, 2] }) }));
  assert.deepEqual(finding, {
    labels: { check: "load::load_average", target: "load" },
    status: "Warning",
    description: "5-minute load per processor 3.50 ≥ 3",
    attrs: { current_value: "3.50", threshold_desc: "warning ≥ 3, critical ≥ 5" },
    value: 3.5,
    detail: "1.00 14.00 2.00 over 1, 5, 15 min; 4 processors",
  });
});

Deno.test("mem: what is not available is used", async () => {
  const finding = await only(memCheck({ host: recordedHost({ memory: memory(91) }) }));
  assert.deepEqual(finding, {
    labels: { check: "mem::memory_usage", target: "memory" },
    status: "Critical",
    description: "memory usage 91.0 % ≥ 90 %",
    attrs: { current_value: "91.0 %", threshold_desc: "warning ≥ 85 %, critical ≥ 90 %" },
    value: 91,
    detail: "91.0 GiB of 100.0 GiB used",
  });
});

Deno.test("disk: what is kept for the superuser counts neither as used nor as free, as in df", async () => {
  const host = recordedHost({ fileSystems: { "/data": fileSystem(38 * GIB) } });
  assert.deepEqual(await only(diskCheck({ host, mountPoint: "/data" })), {
    labels: { check: "disk::space_usage", target: "/data" },
    status: "Ok",
    description: "disk space usage of /data 40.0 %",
    attrs: { current_value: "40.0 %", threshold_desc: "warning ≥ 90 %, critical ≥ 99 %" },
    value: 40,
    detail: "38.0 GiB of 95.0 GiB used",
  });
  host.facts = { fileSystems: { "/data": fileSystem(95 * GIB) } };
  const full = await only(diskCheck({ host, mountPoint: "/data" }));
  assert.equal(full.value, 100);
  assert.equal(full.status, "Critical");
});

Deno.test("disk: a file system that does not answer is hung, and one that answers is not", async () => {
  const host = recordedHost();
  const check = diskCheck({ host });
  const answer = host.fileSystem;
  host.fileSystem = () => Promise.reject(new DOMException("timed out", "TimeoutError"));
  assert.deepEqual(await check.gather(NEVER), [{
    labels: { check: "disk::hung", target: "/" },
    status: "Critical",
    description: "file system of / does not answer",
    attrs: { current_value: "no answer", threshold_desc: "must answer in time" },
  }]);
  host.fileSystem = answer;
  const findings = await check.gather(NEVER);
  assert.deepEqual(findings.map(({ labels, status }) => [labels.check, status]), [
    ["disk::space_usage", "Ok"],
    ["disk::hung", "Ok"],
  ]);
});

Deno.test("disk: a file system without blocks is neither full nor empty", async () => {
  const empty = { totalBytes: 0, freeBytes: 0, availableBytes: 0, inodes: 0, inodesFree: 0 };
  const findings = await diskCheck({ host: recordedHost({ fileSystems: { "/": empty } }) }).gather(NEVER);
  assert.deepEqual(findings.map(({ labels }) => labels.check), ["disk::hung"]);
});

Deno.test("a fact that the host does not give is passed on, not guessed", async () => {
  const host = recordedHost();
  host.facts = {};
  const clock = new FakeClock();
  for (
    const check of [cpuCheck({ host, clock }), loadCheck({ host }), memCheck({ host }), diskCheck({ host })]
  ) {
    await assert.rejects(check.gather(NEVER), FactUnavailableError, check.plugin);
  }
});

Deno.test("a memory of size 0 is a failure, not a percentage", async () => {
  const check = memCheck({ host: recordedHost({ memory: { ...memory(0), totalBytes: 0 } }) });
  await assert.rejects(check.gather(NEVER), /cannot rate memory/);
});
