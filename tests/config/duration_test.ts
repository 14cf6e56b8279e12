import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDuration } from "../../lib/config/duration.ts";

Deno.test("durations read as the milliseconds that they name", () => {
  assert.deepEqual(
    ["30s", "5m", "2h", "250ms", "1h30m", "1.5s", "0s", "1m30s500ms", "7d", "1d12h"].map(parseDuration),
    [30_000, 300_000, 7_200_000, 250, 5_400_000, 1500, 0, 90_500, 604_800_000, 129_600_000],
  );
});

Deno.test("what is no duration reads as none", () => {
  for (
    const text of ["", "30", "s", "-5s", "5 s", "5sec", "1.s", "5m3", "1e3s", "five", "5M", "d", "7D", "1w"]
  ) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

Deno.test("hours, minutes and seconds add up", () => {
  const part = fc.integer({ min: 0, max: 9999 });
  fc.assert(fc.property(part, part, part, (hours, minutes, seconds) => {
    assert.equal(
      parseDuration(`${hours}h${minutes}m${seconds}s`),
      (hours * 3600 + minutes * 60 + seconds) * 1000,
    );
  }));
});
