/** What the playbook found, as one line and as a Markdown report. */
import type { Finding } from "../checks/check.ts";
import type { Observation } from "./figures.ts";
import { inlineText, quotedBlock } from "./untrusted_text.ts";

/** What a report is made of. Every text may be foreign. */
export interface ReportParts {
  title: string;
  /** Name and address, as far as they are known. */
  host: string;
  /** Milliseconds since 1970. */
  timeMs: number;
  observations: readonly Observation[];
  /** What the reader has to know before the figures. Markdown. */
  notes: readonly string[];
  /** What else could not be seen, and why. */
  gaps: readonly string[];
  /** What the operator sent along. */
  quoted?: string;
}

/** The worst first, in one line. */
export function verdict(observations: readonly Observation[]): string {
  const findings = observations.flatMap((observation) => observation.findings);
  const unseen = observations.filter((observation) => observation.gap !== undefined);
  const gaps = unseen.length === 0 ? "" : ` Not seen: ${unseen.map(nameOf).join(", ")}.`;
  if (findings.length === 0) return `Nothing could be measured.${gaps}`;
  const alarming = ["Critical", "Warning"].flatMap((status) => {
    const lines = findings.filter((finding) => finding.status === status).map((finding) =>
      finding.description
    );
    return lines.length === 0 ? [] : [`${status}: ${lines.join("; ")}.`];
  });
  if (alarming.length > 0) return `${alarming.join(" ")}${gaps}`;
  const count = findings.length === 1 ? "The figure is" : `All ${findings.length} figures are`;
  return `${count} within the thresholds.${gaps}`;
}

/** The whole report. */
export function renderReport(parts: ReportParts): string {
  const { title, host, timeMs, observations, notes, gaps, quoted } = parts;
  const rows = observations.flatMap((observation) => observation.findings).map(row);
  const unseen = [
    ...observations.filter(({ gap }) => gap !== undefined).map((o) => `${nameOf(o)}: ${o.gap}`),
    ...gaps,
  ];
  const sections = [
    `# ${inlineText(title)}`,
    `- host: ${inlineText(host)}\n- time: ${zonedTime(timeMs)}`,
    `**Verdict:** ${inlineText(verdict(observations), 2000)}`,
    ...notes,
  ];
  if (rows.length > 0) {
    sections.push(
      [
        "| check | target | figure | thresholds | status | measured |",
        "| --- | --- | --- | --- | --- | --- |",
      ]
        .concat(rows).join("\n"),
    );
  }
  if (unseen.length > 0) {
    sections.push(
      "## What could not be seen",
      unseen.map((line) => `- ${inlineText(line, 1000)}`).join("\n"),
    );
  }
  if (quoted) {
    sections.push(
      "## What was sent along",
      "Quoted as received; nothing here was verified.",
      quotedBlock(quoted),
    );
  }
  return `${sections.join("\n\n")}\n`;
}

/** `2026-01-31 23:59:59 +01:00`, in the host's time zone. */
export function zonedTime(timeMs: number): string {
  const offsetMin = -new Date(timeMs).getTimezoneOffset();
  const local = new Date(timeMs + offsetMin * 60_000).toISOString().slice(0, 19).replace("T", " ");
  const pad = (value: number) => String(value).padStart(2, "0");
  const absolute = Math.abs(offsetMin);
  return `${local} ${offsetMin < 0 ? "-" : "+"}${pad(Math.floor(absolute / 60))}:${pad(absolute % 60)}`;
}

function row({ labels, status, attrs, detail = "" }: Finding): string {
  const cells = [labels.check, labels.target, attrs.current_value, attrs.threshold_desc, status, detail];
  return `| ${cells.map((cell) => inlineText(cell)).join(" | ")} |`;
}

function nameOf({ plugin, target }: Observation): string {
  return target.startsWith("/") ? `${plugin} ${target}` : plugin;
}
