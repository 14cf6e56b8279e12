import assert from "node:assert/strict";
import { CHECKS } from "../../lib/checks/registry.ts";
import { PAGES, rewritten } from "../../tools/write_docs.ts";

/** Tables as they are before the formatter aligns their columns. */
function unaligned(page: string): string {
  return page.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---").replaceAll(/\n{2,}/g, "\n")
    .replaceAll(/(?<=\S)\n(?=[^|#<\-\n])/g, " ");
}

for (const [path, parts] of Object.entries(PAGES)) {
  Deno.test(`${path} says what the code does (if not: deno task docs)`, async () => {
    const page = await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
    assert.equal(unaligned(page), unaligned(rewritten(page, parts())));
  });
}

Deno.test("every check has a row for each dimension, and every dimension one name", () => {
  for (const { plugin, dimensions, summary } of CHECKS) {
    assert.match(plugin, /^[a-z]+$/);
    assert.ok(summary.length > 0);
    assert.ok(dimensions.length > 0, plugin);
    const names = dimensions.map(({ dimension }) => dimension);
    assert.equal(new Set(names).size, names.length, plugin);
  }
});
