import assert from "node:assert/strict";
import fc from "fast-check";
import { bounded, boundedReply } from "../../lib/sessions/bounded_text.ts";

const bytes = (text: string): number => new TextEncoder().encode(text).length;
const texts = fc.string({ unit: "binary", maxLength: 60 });

Deno.test("a bounded text is a start of the whole, fits, and counts what it lacks", () => {
  fc.assert(fc.property(texts, fc.nat(100), (whole, maxBytes) => {
    const { text, omittedBytes } = bounded(whole, maxBytes);
    assert.ok(whole.startsWith(text));
    assert.ok(bytes(text) <= maxBytes);
    assert.equal(bytes(text) + omittedBytes, bytes(whole));
  }));
});

Deno.test("no more is cut than must be, and never within a character", () => {
  fc.assert(fc.property(texts, fc.nat(100), (whole, maxBytes) => {
    const { text, omittedBytes } = bounded(whole, maxBytes);
    if (omittedBytes === 0) return assert.equal(text, whole);
    const [next = ""] = whole.slice(text.length);
    assert.ok(bytes(text) + bytes(next) > maxBytes);
    assert.equal([...text].length + [...whole.slice(text.length)].length, [...whole].length);
  }));
});

Deno.test("the marker says how many bytes were left out", () => {
  assert.equal(boundedReply("abc", 3), "abc");
  assert.equal(boundedReply("abcd", 3), "abc\n\n[cut here: 1 bytes left out]");
  assert.equal(boundedReply("€€", 4), "€\n\n[cut here: 3 bytes left out]");
  assert.equal(boundedReply("😀", 3), "\n\n[cut here: 4 bytes left out]");
});

Deno.test("what JSON has to escape counts as it travels", () => {
  for (const char of ["\n", "\u0001", "\\", '"', "é\n", "😀\u0002"]) {
    const reply = char.repeat(5000);
    const sent = boundedReply(reply, 4096);
    const [kept = ""] = sent.split("\n\n[cut here: ");
    const travelBytes = new TextEncoder().encode(JSON.stringify(kept)).length - 2;
    assert.ok(travelBytes <= 4096 && travelBytes > 3500, `${JSON.stringify(char)}: ${travelBytes}`);
    assert.match(sent, /\[cut here: \d+ bytes left out\]$/);
  }
});
