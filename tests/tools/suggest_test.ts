import assert from "node:assert/strict";
import fc from "fast-check";
import { allTools } from "../../lib/tools/all_tools.ts";
import { nearestName, suggest } from "../../lib/tools/suggest.ts";

const TOOLS = allTools();
const best = (query: string) => suggest(query, TOOLS, 3).map(({ name }) => name);

Deno.test("a name that is nearly right is found first", () => {
  assert.equal(best("disk_overvew")[0], "disk_overview");
  assert.equal(best("top_cpu_proceses")[0], "top_cpu_processes");
  assert.equal(best("TOP CPU PROCESSES")[0], "top_cpu_processes");
  assert.equal(best("psi")[0], "psi_check");
});

Deno.test("words that people use lead to the tools for them", () => {
  assert.ok(best("disk full").includes("disk_overview"), best("disk full").join());
  assert.ok(
    best("which process uses the cpu").includes("top_cpu_processes"),
    best("which process uses the cpu").join(),
  );
  assert.ok(best("ram").includes("mem_overview"), best("ram").join());
  assert.ok(best("zombie").includes("zombies"));
  assert.ok(best("killed out of memory").includes("oom_history"), best("killed out of memory").join());
  assert.ok(
    best("environment of a process").includes("env_inspect"),
    best("environment of a process").join(),
  );
});

Deno.test("what fits nothing suggests nothing", () => {
  assert.deepEqual(best("qqqqqqqq"), []);
  assert.deepEqual(best(""), []);
  assert.deepEqual(best("the of and"), []);
});

Deno.test("whatever is typed, it gives no more than asked for, and soon", () => {
  fc.assert(fc.property(fc.string({ maxLength: 2000 }), fc.nat(8), (query, limit) => {
    assert.ok(suggest(query, TOOLS, limit).length <= limit);
  }));
  const startMs = performance.now();
  suggest("a_".repeat(100_000), TOOLS);
  assert.ok(performance.now() - startMs < 1000);
});

Deno.test("the nearest of a few names is near, or there is none", () => {
  assert.equal(nearestName("verbos", ["pid", "verbose"]), "verbose");
  assert.equal(nearestName("by_sort", ["sort_by", "count"]), "sort_by");
  assert.equal(nearestName("max", ["pid", "max_fds"]), "max_fds");
  assert.equal(nearestName("zzz", ["pid", "verbose"]), undefined);
  assert.equal(nearestName("x", []), undefined);
});
