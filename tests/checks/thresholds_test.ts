import assert from "node:assert/strict";
import fc from "fast-check";
import { memCheck } from "../../lib/checks/mem.ts";
import { rate } from "../../lib/checks/thresholds.ts";
import { MEMORY_USAGE } from "../../lib/checks/mem.ts";
import { recordedHost } from "../host/recorded_host.ts";

function rated(value: number, warnGe: number, criticalGe: number) {
  const measurement = { dimension: MEMORY_USAGE, target: "memory", value, detail: "" };
  return rate(measurement, { warnGe, criticalGe });
}

Deno.test("a figure that reaches a threshold is bad, critical first", () => {
  assert.equal(rated(79.9, 80, 90).status, "Ok");
  assert.equal(rated(80, 80, 90).status, "Warning");
  assert.equal(rated(90, 80, 90).status, "Critical");
  assert.equal(rated(85, 90, 80).status, "Critical");
  assert.equal(rated(91.2, 85, 90).description, "memory usage 91.2 % ≥ 90 %");
});

Deno.test("0 turns a threshold off", () => {
  assert.equal(rated(100, 0, 0).status, "Ok");
  assert.equal(rated(0, 0, 0).attrs.threshold_desc, "none");
  assert.equal(rated(95, 80, 0).status, "Warning");
  assert.equal(rated(95, 80, 0).attrs.threshold_desc, "warning ≥ 80 %");
  assert.equal(rated(85, 0, 90).status, "Ok");
  assert.equal(rated(85, 0, 90).attrs.threshold_desc, "critical ≥ 90 %");
});

Deno.test("a threshold that is no number, or below 0, is refused by name", () => {
  const host = recordedHost();
  assert.throws(() => memCheck({ host, warnGe: -1 }), {
    name: "RangeError",
    message: "cannot set up the mem check: warnGe must be a number of at least 0 (0 = off), it is -1",
  });
  assert.throws(() => memCheck({ host, criticalGe: Number.NaN }), /criticalGe/);
});

Deno.test("property: a higher figure is never better", () => {
  const severity = { Ok: 0, Info: 1, Warning: 2, Critical: 3 };
  const figure = fc.double({ min: 0, max: 200, noNaN: true });
  fc.assert(fc.property(figure, figure, figure, figure, (a, b, warnGe, criticalGe) => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)].map((value) =>
      rated(value, warnGe, criticalGe).status
    );
    assert(severity[low!] <= severity[high!]);
  }));
});
