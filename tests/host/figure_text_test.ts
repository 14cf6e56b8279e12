import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesText, loadText, percentText, plainText } from "../../lib/host/figure_text.ts";

Deno.test("figures read as people write them", () => {
  const texts: [number, string][] = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [22.4 * 1024 ** 3, "22.4 GiB"],
    [3 * 1024 ** 5, "3.0 PiB"],
    [5000 * 1024 ** 6, "5000.0 EiB"],
  ];
  for (const [bytes, text] of texts) assert.equal(bytesText(bytes), text);
  assert.equal(percentText(91.24), "91.2 %");
  assert.equal(loadText(0.4), "0.40");
  assert.equal(plainText(90, "%"), "90 %");
  assert.equal(plainText(2.5, ""), "2.5");
});

Deno.test("property: sizes up to the largest unit never show 1024 of a unit", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
    assert(Number.parseFloat(bytesText(bytes)) < 1024);
  }));
});
