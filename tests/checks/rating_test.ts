import assert from "node:assert/strict";
import fc from "fast-check";
import { rateFigure, rateState } from "../../lib/checks/rating.ts";
import { percentText } from "../../lib/host/figure_text.ts";

function rated(value: number, warn_ge: number, critical_ge: number) {
  return rateFigure({
    check: "mem::memory_usage",
    target: "memory",
    subject: "memory usage",
    value,
    show: percentText,
    showThreshold: (threshold) => `${threshold} %`,
  }, { warn_ge, critical_ge });
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

Deno.test("property: a higher figure is never better", () => {
  const severity = { Ok: 0, Info: 1, Warning: 2, Critical: 3 };
  const figure = fc.double({ min: 0, max: 200, noNaN: true });
  fc.assert(fc.property(figure, figure, figure, figure, (a, b, warn, critical) => {
    const [low = 0, high = 0] = [Math.min(a, b), Math.max(a, b)];
    assert(severity[rated(low, warn, critical).status] <= severity[rated(high, warn, critical).status]);
  }));
});

Deno.test("a state is bad as its severity says, and own labels do not displace the two that name it", () => {
  const state = { check: "x::y", target: "t", description: "d", current: "c", expected: "e" };
  assert.equal(rateState({ ...state, ok: true }).status, "Ok");
  assert.equal(rateState({ ...state, ok: false }).status, "Critical");
  assert.equal(rateState({ ...state, ok: false, severity: "Info" }).status, "Info");
  const labels = { check: "other", target: "other", more: "m" };
  assert.deepEqual(rateState({ ...state, ok: true, labels }).labels, {
    check: "x::y",
    target: "t",
    more: "m",
  });
});
