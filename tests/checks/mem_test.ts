import assert from "node:assert/strict";
import { MEM_CHECK } from "../../lib/checks/mem.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { GIB, recordedHost } from "../host/recorded_host.ts";
import { treeHost } from "../host/fixture_tree.ts";
import { gather, makeCheck } from "./check_rig.ts";

function host(usedPercent: number, swap: { totalBytes: number; freeBytes: number }) {
  return recordedHost({
    memory: {
      totalBytes: 100 * GIB,
      availableBytes: (100 - usedPercent) * GIB,
      swapTotalBytes: swap.totalBytes,
      swapFreeBytes: swap.freeBytes,
    },
  });
}

const NO_SWAP = { totalBytes: 0, freeBytes: 0 };

Deno.test("mem: what is not available is used", async () => {
  assert.deepEqual(await gather(makeCheck(MEM_CHECK, {}, { host: host(91, NO_SWAP) })), [{
    labels: { check: "mem::memory_usage", target: "memory" },
    status: "Critical",
    description: "memory usage 91.0 % ≥ 90 %",
    attrs: { current_value: "91.0 %", threshold_desc: "warning ≥ 85 %, critical ≥ 90 %" },
    value: 91,
    detail: "91.0 GiB of 100.0 GiB used",
  }]);
});

Deno.test("mem: swap is rated where there is any, by thresholds of its own", async () => {
  const swap = { totalBytes: 10 * GIB, freeBytes: 4 * GIB };
  const [, byDefault] = await gather(makeCheck(MEM_CHECK, {}, { host: host(10, swap) }));
  assert.equal(byDefault?.labels.check, "mem::swap_usage");
  assert.equal(byDefault?.description, "swap usage 60.0 % ≥ 50 %");
  assert.equal(byDefault?.status, "Warning");
  const settings = { swap: { warn_ge: 10, critical_ge: 60 } };
  const [, strict] = await gather(makeCheck(MEM_CHECK, settings, { host: host(10, swap) }));
  assert.equal(strict?.status, "Critical");
  const off = { swap: { warn_ge: 0, critical_ge: 0 } };
  const [, lenient] = await gather(makeCheck(MEM_CHECK, off, { host: host(10, swap) }));
  assert.equal(lenient?.status, "Ok");
});

Deno.test("mem: a kernel that does not say what is available is rated, too", async () => {
  const [memory, swap] = await gather(makeCheck(MEM_CHECK, {}, { host: treeHost("kernel_3_10") }));
  assert(memory?.value !== undefined && memory.value > 30 && memory.value < 60, String(memory?.value));
  assert.equal(swap?.value, 0);
});

Deno.test("mem: without figures it is unavailable, and a memory of size 0 is a failure", async () => {
  const nothing = recordedHost();
  nothing.facts = {};
  await assert.rejects(gather(makeCheck(MEM_CHECK, {}, { host: nothing })), FactUnavailableError);
  const memory = { totalBytes: 0, availableBytes: 0, swapTotalBytes: 0, swapFreeBytes: 0 };
  const empty = makeCheck(MEM_CHECK, {}, { host: recordedHost({ memory }) });
  await assert.rejects(gather(empty), /cannot rate memory/);
});
