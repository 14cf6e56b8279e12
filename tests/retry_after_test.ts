import assert from "node:assert/strict";
import { parseRetryAfter } from "../lib/retry_after.ts";

const NOON_MS = Date.UTC(2026, 0, 31, 12);

Deno.test("Retry-After is read as seconds and as a date", () => {
  assert.equal(parseRetryAfter("120", NOON_MS), 120);
  assert.equal(parseRetryAfter(" 0 ", NOON_MS), 0);
  assert.equal(parseRetryAfter("Sat, 31 Jan 2026 12:00:30 GMT", NOON_MS), 30);
  assert.equal(parseRetryAfter("Sat, 31 Jan 2026 12:00:30 GMT", NOON_MS + 500), 30);
  assert.equal(parseRetryAfter("Sat, 31 Jan 2026 11:00:00 GMT", NOON_MS), 0);
});

Deno.test("a Retry-After that is neither counts as none", () => {
  for (const header of [undefined, "", "soon", "-5", "1.5", "12 minutes", "2026-01-31"]) {
    assert.equal(parseRetryAfter(header, NOON_MS), undefined, header);
  }
});
