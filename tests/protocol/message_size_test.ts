import assert from "node:assert/strict";
import fc from "fast-check";
import { isLonger } from "../../lib/protocol/mod.ts";

Deno.test("a text's length is counted in bytes of UTF-8", () => {
  const text = fc.string({ unit: "binary", maxLength: 50 });
  fc.assert(fc.property(text, fc.nat({ max: 160 }), (text, maxBytes) => {
    assert.equal(isLonger(text, maxBytes), new TextEncoder().encode(text).length > maxBytes);
  }));
});

Deno.test("at the bound it is not longer yet", () => {
  assert.deepEqual([isLonger("漢字", 6), isLonger("漢字", 5), isLonger("", 0), isLonger("a", 0)], [
    false,
    true,
    false,
    true,
  ]);
});
