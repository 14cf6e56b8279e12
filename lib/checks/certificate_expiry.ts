/** How long a certificate still lasts. */
import { type CertificateFacts, firstToExpire, shortName } from "../host/probes/certificate.ts";
import type { Finding } from "./check.ts";

/** When an end is near, in milliseconds; 0 turns a step off. */
export interface ExpiryThresholds {
  readonly warnWithinMs: number;
  readonly criticalWithinMs: number;
}

/** What was looked at. */
export interface ExpirySubject {
  check: string;
  target: string;
  labels?: Readonly<Record<string, string>>;
  /** The server's own first, or all of a file. Never empty. */
  certificates: readonly [CertificateFacts, ...CertificateFacts[]];
  wallMs: number;
}

/**
 * Rates the certificate that ends first. One that has ended, or has not begun, is critical unless both steps are off.
 * The figure is what is left, in seconds; below 0 once it has ended.
 */
export function rateExpiry(subject: ExpirySubject, thresholds: ExpiryThresholds): Finding {
  const { check, target, labels = {}, certificates, wallMs } = subject;
  const { warnWithinMs, criticalWithinMs } = thresholds;
  const early = certificates.find(({ notBeforeMs }) => notBeforeMs > wallMs);
  const rated = early ?? firstToExpire(certificates) ?? certificates[0];
  const leftMs = rated.notAfterMs - wallMs;
  const isOn = warnWithinMs > 0 || criticalWithinMs > 0;
  const unusable = early !== undefined || leftMs <= 0;
  const isCritical = (isOn && unusable) || (criticalWithinMs > 0 && leftMs <= criticalWithinMs);
  const status = isCritical ? "Critical" : warnWithinMs > 0 && leftMs <= warnWithinMs ? "Warning" : "Ok";
  const ends = dateText(rated.notAfterMs);
  const current = early !== undefined
    ? `not valid before ${dateText(early.notBeforeMs)}`
    : leftMs <= 0
    ? `expired ${spanText(-leftMs)} ago`
    : `${spanText(leftMs)} left`;
  const steps = [
    warnWithinMs > 0 && `warning ≤ ${spanText(warnWithinMs)}`,
    criticalWithinMs > 0 && `critical ≤ ${spanText(criticalWithinMs)}`,
  ].filter(Boolean).join(", ");
  return {
    labels: { ...labels, check, target },
    status,
    description: `certificate ${shortName(rated)}: ${current}`,
    attrs: {
      current_value: current,
      threshold_desc: steps || "none",
      subject: rated.subject.slice(0, 200),
      issuer: rated.issuer.slice(0, 200),
      not_after: ends,
    },
    value: Math.round(leftMs / 1000),
    detail: `${rated.subject || "no subject"}, from ${dateText(rated.notBeforeMs)} to ${ends}`,
  };
}

/** `2026-11-23 04:15 UTC`. */
export function dateText(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `59 min`, `23 h`, `30 d`: rounded down, so that it never says more than there is. */
export function spanText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 72 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}
