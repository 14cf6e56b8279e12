/** From a figure to a status. */
import type { EventStatus } from "../alerts/event.ts";
import { loadText, percentText, plainText } from "../host/figure_text.ts";
import type { Dimension, Finding } from "./check.ts";

/** From which figure on a finding is bad, in the figure's unit. 0 turns a threshold off. */
export interface Thresholds {
  warnGe: number;
  criticalGe: number;
}

/** What was measured. */
export interface Measurement {
  dimension: Dimension;
  target: string;
  value: number;
  detail: string;
}

/**
 * Rates a figure: critical first, so that thresholds in the wrong order err on the side of the alarm.
 * The figure is compared as measured, not as printed.
 */
export function rate(measurement: Measurement, { warnGe, criticalGe }: Thresholds): Finding {
  const { dimension, target, value, detail } = measurement;
  const { check, figure, unit } = dimension;
  const reached = ([["Critical", criticalGe], ["Warning", warnGe]] as [EventStatus, number][])
    .find(([, threshold]) => threshold > 0 && value >= threshold);
  const subject = target === dimension.target ? figure : `${figure} of ${target}`;
  const current = unit === "%" ? percentText(value) : loadText(value);
  return {
    labels: { check, target },
    status: reached?.[0] ?? "Ok",
    description: `${subject} ${current}${reached ? ` ≥ ${plainText(reached[1], unit)}` : ""}`,
    attrs: { current_value: current, threshold_desc: describe({ warnGe, criticalGe }, unit) },
    value,
    detail,
  };
}

/** @throws RangeError when a threshold is not a number of at least 0. */
export function checkThresholds(plugin: string, thresholds: Thresholds): Thresholds {
  for (const [name, value] of Object.entries(thresholds)) {
    if (!Number.isFinite(value) || value < 0) {
      throw new RangeError(
        `cannot set up the ${plugin} check: ${name} must be a number of at least 0 (0 = off), it is ${value}`,
      );
    }
  }
  return thresholds;
}

function describe({ warnGe, criticalGe }: Thresholds, unit: "%" | ""): string {
  const parts = [
    warnGe > 0 && `warning ≥ ${plainText(warnGe, unit)}`,
    criticalGe > 0 && `critical ≥ ${plainText(criticalGe, unit)}`,
  ].filter(Boolean);
  return parts.join(", ") || "none";
}
