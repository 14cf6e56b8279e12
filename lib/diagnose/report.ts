/** What the playbook found, as one line and as a Markdown report. */
import type { Finding } from "../checks/check.ts";
import type { Conclusion, Severity } from "./conclusion.ts";
import type { Correlation } from "./correlate.ts";
import { type Evidence, type EvidenceSet, subjectText } from "./evidence.ts";
import type { Observation } from "./figures.ts";
import { inlineText, quotedBlock } from "./untrusted_text.ts";

/** What a report is made of. Every text may be foreign. */
export interface ReportParts {
  title: string;
  /** Name and address, as far as they are known. */
  host: string;
  /** Milliseconds since 1970. */
  timeMs: number;
  /** One line about what went short, where something did. */
  shortfall?: string;
  observations: readonly Observation[];
  evidence: EvidenceSet;
  correlation: Correlation;
  /** What the reader has to know before the figures. Markdown. */
  notes: readonly string[];
  /** What could not be seen besides the checks' own gaps: `<what>: <why>`. */
  gaps: readonly string[];
  /** The tools that answered. */
  asked: readonly string[];
  /** What the operator sent along. */
  quoted?: string;
}

const GRADES: readonly Severity[] = ["Critical", "Warning", "Info"];
/** How much of a verdict one reads before it is a report. */
const MOST_IN_VERDICT = 4;
const MOST_IN_TABLE = 40;
const MOST_OF_RESOURCE = 8;

/** The worst first, in one line. Plain text. */
export function verdict(
  { observations, correlation, evidence }: Pick<ReportParts, "observations" | "correlation" | "evidence">,
): string {
  const { conclusions, unexplained } = correlation;
  const unseen = [...new Set(observations.filter(({ gap }) => gap !== undefined).map(nameOf))];
  const gaps = unseen.length === 0 ? "" : ` Not seen: ${unseen.join(", ")}.`;
  const measured = observations.some(({ findings }) => findings.length > 0) || [...evidence].length > 0;
  if (!measured) return `Nothing could be measured.${gaps}`;
  let room = MOST_IN_VERDICT;
  let left = false;
  const alarming = GRADES.flatMap((grade) => {
    const lines = [
      ...(grade === "Info" ? [] : conclusions.filter(({ severity }) => severity === grade).map(textOf)),
      ...unexplained.filter(({ status }) => status === grade).map(({ description }) => description),
    ];
    const shown = lines.slice(0, room);
    left ||= shown.length < lines.length;
    room -= shown.length;
    return shown.length === 0 ? [] : [`${grade}: ${shown.join("; ")}.`];
  });
  if (left) alarming.push("More below.");
  if (alarming.length > 0) return `${alarming.join(" ")}${gaps}`;
  const notes = conclusions.slice(0, 2).map(({ text }) => ` Worth knowing: ${text}.`).join("");
  return `All figures are within their thresholds.${notes}${gaps}`;
}

/** The whole report. */
export function renderReport(parts: ReportParts): string {
  const { title, host, timeMs, shortfall, observations, evidence, correlation, notes, gaps, asked, quoted } =
    parts;
  const bad = correlation.conclusions.filter(({ severity }) => severity !== "Info");
  const unseen = [
    ...observations.flatMap(({ gap, ...rest }) =>
      gap === undefined ? [] : [`${nameOf(rest)}: ${gap.kind}: ${gap.message}`]
    ),
    ...gaps,
  ];
  const findings = observations.flatMap((observation) => observation.findings);
  const sections = [
    `# ${inlineText(title)}`,
    [`- host: ${inlineText(host)}`, `- time: ${zonedTime(timeMs)}`, shortfall && `- incomplete: ${shortfall}`]
      .filter(Boolean).join("\n"),
    `**Verdict:** ${inlineText(verdict(parts), 2000)}`,
    ...notes,
    ...section(
      "What is wrong",
      bad.map(({ severity, text }) => `- **${severity}**: ${inlineText(text, 1000)}`),
    ),
    ...section("Evidence", evidenceTable(bad.flatMap((conclusion) => conclusion.evidence))),
    ...section("The checks", findingsTable(findings)),
    ...section("Looked at and found healthy", healthy(evidence, bad, asked)),
    ...section("What could not be seen", unseen.map((line) => `- ${inlineText(line, 1000)}`)),
    ...section("What to do next", nextSteps(correlation, unseen.length > 0)),
  ];
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

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${heading}`, lines.join("\n")];
}

function evidenceTable(evidence: readonly Evidence[]): string[] {
  const rows = [...new Set(evidence)].slice(0, MOST_IN_TABLE).map(({ name, subject, text, tool }) =>
    cells([wordsOf(name), subjectText(subject), text, tool])
  );
  return rows.length === 0
    ? []
    : ["| figure | of | value | measured by |", "| --- | --- | --- | --- |", ...rows];
}

function findingsTable(findings: readonly Finding[]): string[] {
  const rows = findings.map(({ labels, status, attrs, detail = "" }) =>
    cells([labels.check, labels.target, attrs.current_value, attrs.threshold_desc, status, detail])
  );
  return rows.length === 0 ? [] : [
    "| check | target | figure | thresholds | status | measured |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ];
}

/** By resource: the figures that no complaint rests on, and what is worth knowing about them. */
function healthy(evidence: EvidenceSet, bad: readonly Conclusion[], asked: readonly string[]): string[] {
  const blamed = new Set(bad.flatMap((conclusion) => conclusion.evidence));
  const resources = Map.groupBy(
    [...evidence].filter((one) => !blamed.has(one)),
    ({ resource }) => resource,
  );
  const lines = [...resources].map(([resource, figures]) => {
    const shown = figures.slice(0, MOST_OF_RESOURCE).map(({ name, subject, text }) => {
      const whose = subjectText(subject);
      return `${wordsOf(name)}${whose ? ` of ${whose}` : ""} ${text}`;
    });
    return `- ${resource}: ${inlineText(shown.join("; "), 1000)}`;
  });
  return asked.length === 0 ? lines : [...lines, `- asked: ${inlineText(asked.join(", "), 1000)}`];
}

function nextSteps({ conclusions, unexplained }: Correlation, blind: boolean): string[] {
  const steps = conclusions.filter(({ severity }) => severity !== "Info").flatMap(({ next }) => next);
  const lines = [...new Set(steps)].map((step) => `- ${inlineText(step, 500)}`);
  for (const plugin of new Set(unexplained.map(({ labels }) => labels.check.split("::")[0]))) {
    lines.push(`- ${inlineText(`Inspect ${plugin} by itself for more about it.`)}`);
  }
  if (lines.length > 0 && blind) {
    lines.push("- Let the agent see what it could not, as said above, and diagnose again.");
  }
  return lines;
}

function cells(texts: readonly string[]): string {
  return `| ${texts.map((text) => inlineText(text)).join(" | ")} |`;
}

/** `process.memory_share` is read as `process memory share`. */
function wordsOf(name: string): string {
  return name.replaceAll(/[._]/g, " ");
}

function textOf({ text }: Conclusion): string {
  return text;
}

function nameOf({ plugin, target }: Pick<Observation, "plugin" | "target">): string {
  return target.startsWith("/") ? `${plugin} ${target}` : plugin;
}
