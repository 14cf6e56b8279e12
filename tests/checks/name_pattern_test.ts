import assert from "node:assert/strict";
import fc from "fast-check";
import { namePattern } from "../../lib/checks/name_pattern.ts";

Deno.test("stars and question marks stand for others, everything else for itself", () => {
  const cases: [pattern: string, yes: string[], no: string[]][] = [
    ["web", ["web"], ["web1", "we", ""]],
    ["web-*", ["web-", "web-1-2"], ["web", "xweb-1"]],
    ["*-?b*c", ["a-xbc", "-bb--c-bc"], ["a-bc", "-xb"]],
    ["a.b{c,d}", ["a.b{c,d}"], ["axbc", "a.bc"]],
    ["*", ["", "anything"], []],
    ["?", ["x"], ["", "xy"]],
  ];
  for (const [pattern, yes, no] of cases) {
    for (const name of yes) assert.ok(namePattern(pattern).matches(name), `${pattern} ${name}`);
    for (const name of no) assert.ok(!namePattern(pattern).matches(name), `${pattern} ${name}`);
  }
  assert.deepEqual([namePattern("a").isExact, namePattern("a*").isExact], [true, false]);
});

Deno.test("patterns match as the expressions that they stand for", () => {
  const text = (maxLength: number) => fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength });
  fc.assert(
    fc.property(text(8), text(10), (pattern, name) => {
      const expression = new RegExp(`^${pattern.replace(/\*+/g, ".*").replaceAll("?", ".")}$`);
      assert.equal(namePattern(pattern).matches(name), expression.test(name));
    }),
    { numRuns: 1000 },
  );
});
