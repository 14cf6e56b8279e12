import assert from "node:assert/strict";

/** Fails where `value` is not what JSON can hold as it is: NaN, infinite, undefined, an instance of something. */
export function assertPlain(value: unknown, at = "data"): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") return assert.ok(Number.isFinite(value), `${at} is ${value}`);
  assert.ok(typeof value === "object", `${at} is ${typeof value}`);
  if (Array.isArray(value)) return value.forEach((item, index) => assertPlain(item, `${at}[${index}]`));
  assert.equal(Object.getPrototypeOf(value), Object.prototype, `${at} is an instance`);
  for (const [key, item] of Object.entries(value)) assertPlain(item, `${at}.${key}`);
}
