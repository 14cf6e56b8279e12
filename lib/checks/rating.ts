/** From what was measured to a {@linkcode Finding}. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import type { EventStatus } from "../alerts/event.ts";
import type { Finding } from "./check.ts";

/** From which figure on a finding is bad, in the figure's unit. 0 turns a threshold off. */
export interface Thresholds {
  readonly warn_ge: number;
  readonly critical_ge: number;
}

/** The options `warn_ge` and `critical_ge`, to be spread into a definition's options or into a table's. */
export function thresholdOptions(
  { warn, critical, unit, max = Number.MAX_SAFE_INTEGER }: {
    warn: number;
    critical: number;
    unit: string;
    /** The highest figure there can be. */
    max?: number;
  },
): { warn_ge: z.ZodMiniDefault<z.ZodMiniNumber>; critical_ge: z.ZodMiniDefault<z.ZodMiniNumber> } {
  const threshold = upTo(max);
  return {
    warn_ge: about(z._default(threshold, warn), `Warning at or above this, in ${unit}; 0 turns it off.`),
    critical_ge: about(
      z._default(threshold, critical),
      `Critical at or above this, in ${unit}; 0 turns it off.`,
    ),
  };
}

/** How bad a problem is; made anew at each call. */
export const severity = () => z.enum(["Info", "Warning", "Critical"]);

const numbers = new Map<number, z.ZodMiniNumber>();

/** Made once for each bound: there are many thresholds, and schemas are not cheap to make. */
function upTo(max: number): z.ZodMiniNumber {
  const known = numbers.get(max) ?? z.number().check(z.minimum(0), z.maximum(max));
  numbers.set(max, known);
  return known;
}

/** What was measured. */
export interface Measurement {
  /** `<plugin>::<dimension>`. */
  check: string;
  target: string;
  /** What the figure is, as messages begin: `disk space usage of /data`. */
  subject: string;
  value: number;
  /** Writes a figure with its unit; thresholds too, unless {@linkcode Measurement.showThreshold} does. */
  show: (value: number) => string;
  showThreshold?: (value: number) => string;
  /** What the figure was computed from. */
  detail?: string;
  /** Labels besides `check` and `target`. They are part of what names the problem: nothing that changes. */
  labels?: Readonly<Record<string, string>>;
  /** Attributes besides the two that every finding has. */
  attrs?: Readonly<Record<string, string>>;
}

/**
 * Rates a figure: critical first, so that thresholds in the wrong order err on the side of the alarm.
 * The figure is compared as measured, not as printed.
 */
export function rateFigure(measurement: Measurement, { warn_ge, critical_ge }: Thresholds): Finding {
  const { check, target, subject, value, show, showThreshold = show, detail, labels, attrs } = measurement;
  const grades: [EventStatus, number][] = [["Critical", critical_ge], ["Warning", warn_ge]];
  const reached = grades.find(([, threshold]) => threshold > 0 && value >= threshold);
  const current = show(value);
  const described = [
    warn_ge > 0 && `warning ≥ ${showThreshold(warn_ge)}`,
    critical_ge > 0 && `critical ≥ ${showThreshold(critical_ge)}`,
  ].filter(Boolean).join(", ");
  return {
    labels: { ...labels, check, target },
    status: reached?.[0] ?? "Ok",
    description: `${subject} ${current}${reached ? ` ≥ ${showThreshold(reached[1])}` : ""}`,
    attrs: { ...attrs, current_value: current, threshold_desc: described || "none" },
    value,
    ...(detail !== undefined && { detail }),
  };
}

/** A state that is as it should be, or is not. */
export interface StateMeasurement {
  check: string;
  target: string;
  /** Whether it is as it should be. */
  ok: boolean;
  /** @default "Critical" */
  severity?: Exclude<EventStatus, "Ok">;
  /** The whole line, for this state. */
  description: string;
  /** What it is now. */
  current: string;
  /** What it should be. */
  expected: string;
  detail?: string;
  labels?: Readonly<Record<string, string>>;
  attrs?: Readonly<Record<string, string>>;
}

/** Rates a state. */
export function rateState(measurement: StateMeasurement): Finding {
  const { check, target, ok, severity = "Critical", description, current, expected, detail, labels, attrs } =
    measurement;
  return {
    labels: { ...labels, check, target },
    status: ok ? "Ok" : severity,
    description,
    attrs: { ...attrs, current_value: current, threshold_desc: expected },
    ...(detail !== undefined && { detail }),
  };
}
