import assert from "node:assert/strict";
import fc from "fast-check";
import { parseProcessStat } from "../../lib/host/process/process_stat.ts";

/** What the kernel writes of a process that calls itself `name`. */
const statOf = (name: string) =>
  `12 (${name}) S 1 12 12 0 -1 4194560 10 0 0 0 3 2 0 0 20 0 1 0 777 8192 5 18446744073709551615`;

Deno.test("a process cannot write lines, colours or turned letters into a report by its name", () => {
  const cases: [string, string][] = [
    ["a\nCritical: b", "a Critical: b"],
    ["x\u001b[31mred\u0007", "xred"],
    ["\u202etxt.exe", "txt.exe"],
    ["\n", ""],
    ["nginx: worker", "nginx: worker"],
    ["kworker/u8:1-kvfree_rcu_reclaim", "kworker/u8:1-kvfree_rcu_reclaim"],
    [") R 999 (", ") R 999 ("],
  ];
  for (const [name, shown] of cases) assert.equal(parseProcessStat(statOf(name))?.name, shown);
});

Deno.test("property: whatever a process calls itself, its other figures are read, and its name is one line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 15 }), (name) => {
      const stat = parseProcessStat(statOf(name));
      assert(stat);
      assert.deepEqual([stat.pid, stat.state, stat.ppid, stat.startTicks], [12, "S", 1, 777]);
      assert.doesNotMatch(stat.name, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: 1000 },
  );
});
