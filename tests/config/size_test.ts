import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSize } from "../../lib/config/size.ts";

Deno.test("sizes read as the bytes that they name", () => {
  assert.deepEqual(
    ["64MiB", "512KiB", "1GiB", "1.5MiB", "0", "65536", "0.001KiB"].map(parseSize),
    [67_108_864, 524_288, 1_073_741_824, 1_572_864, 0, 65_536, 1],
  );
});

Deno.test("what is no size reads as none", () => {
  for (
    const text of ["", "MiB", "-1", "64 MiB", "64MB", "64mib", "64M", "1.5", "1.MiB", "1e6", "1MiB1KiB", "∞"]
  ) {
    assert.equal(parseSize(text), undefined, text);
  }
});

Deno.test("a unit is 1024 of the one below it", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 99_999 }), (amount) => {
    assert.equal(parseSize(`${amount}KiB`), parseSize(String(amount * 1024)));
    assert.equal(parseSize(`${amount}MiB`), parseSize(`${amount * 1024}KiB`));
    assert.equal(parseSize(`${amount}GiB`), parseSize(`${amount * 1024}MiB`));
  }));
});
