import assert from "node:assert/strict";
import fc from "fast-check";
import { cleanBlock, cleanLine } from "../../lib/host/foreign_text.ts";

Deno.test("what is no text is left out of a line", () => {
  assert.equal(cleanLine("  a\tb\r\n", 100), "a b");
  assert.equal(cleanLine("\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain\x1b(B", 100), "red plain (B");
  assert.equal(cleanLine("a\u202egnp.exe\u2028b\u0000\u0085c", 100), "a gnp.exe b c");
  assert.equal(cleanLine("\ud800x", 100), "\ufffdx");
  assert.equal(cleanLine("grün 你 👍", 100), "grün 你 👍");
});

Deno.test("what is too long is cut, never within a character", () => {
  assert.equal(cleanLine("abcdef", 6), "abcdef");
  assert.equal(cleanLine("abcdefg", 6), "abcde…");
  assert.equal(cleanLine("abcd👍x", 6), "abcd…");
  assert.equal(cleanBlock("a\n\tb\r\n  c\n\n", 100), "a\n  b\n  c");
  assert.equal(cleanBlock("a\nbcdef", 5), "a\nbc…");
});

Deno.test("property: a line is one, printable, and within its bound", () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom("\x1b", "[", "]", "\n", "\u202e", "👍", " "),
      fc.string({ unit: "binary", maxLength: 2 }),
    ),
  });
  fc.assert(fc.property(text, fc.integer({ min: 2, max: 60 }), (text, maxChars) => {
    const line = cleanLine(text, maxChars);
    assert.ok(line.length <= maxChars);
    assert.ok(line.isWellFormed());
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\u2028\u2029]/u);
    const block = cleanBlock(text, maxChars);
    assert.ok(block.length <= maxChars);
    assert.doesNotMatch(block, /[^\P{Cc}\n]/u);
  }));
});
