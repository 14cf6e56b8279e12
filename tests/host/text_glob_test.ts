import assert from "node:assert/strict";
import fc from "fast-check";
import { matchesText } from "../../lib/host/text_glob.ts";

Deno.test("a pattern fits the whole text, and nothing in it but * and ? has a meaning", () => {
  const fits: [string, string][] = [["", ""], ["abc", "abc"], ["abc", "*"], ["abc", "a*c"], ["abc", "a?c"], [
    "a.c",
    "a.c",
  ]];
  const not: [string, string][] = [["abc", "ab"], ["abc", "bc"], ["abc", "a.c"], ["ab", "a?c"], ["a", ""], [
    "",
    "?",
  ]];
  for (const [text, pattern] of fits) assert(matchesText(text, pattern), `${text} ${pattern}`);
  for (const [text, pattern] of not) assert(!matchesText(text, pattern), `${text} ${pattern}`);
  assert(matchesText("java -jar /opt/a[1].jar {x,y}", "java * /opt/a[1].jar {x,y}"));
});

Deno.test("property: it fits exactly what the same pattern as an expression fits", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "?"), maxLength: 6 });
  fc.assert(
    fc.property(text, pattern, (one, written) => {
      const expression = new RegExp(`^${written.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
      assert.equal(matchesText(one, written), expression.test(one));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("no pattern takes long", () => {
  const start = performance.now();
  assert(!matchesText("a".repeat(20_000), "*a".repeat(50) + "b"));
  assert(performance.now() - start < 5000);
});
