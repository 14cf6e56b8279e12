import assert from "node:assert/strict";
import fc from "fast-check";
import { inlineText, quotedBlock } from "../../lib/diagnose/untrusted_text.ts";

Deno.test("what Markdown or a table would take for its own is escaped", () => {
  assert.equal(inlineText("a | b\\"), "a \\| b\\\\");
  assert.equal(
    inlineText("[x](http://evil) <b>*b*</b> `c`"),
    "\\[x\\](http\\://evil) \\<b\\>\\*b\\*\\</b\\> \\`c\\`",
  );
  assert.equal(inlineText("www.evil.example a@b"), "www\\.evil.example a\\@b");
  assert.equal(inlineText("1st\n# 2nd\r\n\t3rd"), "1st # 2nd 3rd");
  assert.equal(inlineText("web-1.example, 91.2 % ≥ 90 %"), "web-1.example, 91.2 % ≥ 90 %");
});

Deno.test("controls and invisible characters are left out", () => {
  assert.equal(inlineText("\u001b[31mred\u202edlo\u200b\u{e0041}"), "\\[31mreddlo");
  assert.equal(quotedBlock("a\u001b[2Jb\u0000\u202ec\td"), "    a[2Jbc\td");
});

Deno.test("long text is cut, and says so", () => {
  assert.equal(inlineText("é".repeat(5), 3), "ééé…");
  assert.equal(quotedBlock("é".repeat(3), 5), "    éé\n\n(cut: the first 5 of 6 bytes)");
  assert.equal(quotedBlock("é".repeat(3), 6), "    ééé");
  assert.match(quotedBlock("x".repeat(5000)), /^ {4}x{2048}\n\n\(cut: the first 2048 of 5000 bytes\)$/);
});

Deno.test("property: no text leaves its block or its cell", () => {
  const text = fc.array(
    fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\n", "\r", "|", "```", "# ", "\u2028", "\\")),
  )
    .map((parts) => parts.join(""));
  fc.assert(fc.property(text, (foreign) => {
    for (const line of quotedBlock(foreign, 1e6).split(/[\n\r\u2028\u2029\u0085\v\f]/)) {
      assert(line.startsWith("    "), JSON.stringify(line));
    }
    const inline = inlineText(foreign);
    assert.doesNotMatch(inline, /[\n\r\u2028\u2029]/);
    assert.doesNotMatch(inline.replace(/\\./gu, ""), /[|\\`<>*]/);
  }));
});
