/** Kept diagnoses as people read them. */
import type { DiagnosisRecord } from "../diagnose/records.ts";
import { printable } from "../log.ts";

/** One line for each record. */
export function recordList(records: readonly DiagnosisRecord[]): string {
  if (records.length === 0) return "no diagnosis is kept here\n";
  const rows = records.map((record) =>
    [
      record.id,
      record.status,
      record.user,
      record.target === "localhost" ? record.plugin : `${record.plugin} ${record.target}`,
      record.verdict,
    ].map((cell) => printable(cell))
  );
  const titles = ["id", "status", "by", "of", "verdict"];
  const widths = titles.map((title, at) =>
    Math.min(60, Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)))
  );
  return [titles, ...rows].map((row) =>
    `${
      row.map((cell, at) => at === row.length - 1 ? shortened(cell, 100) : cell.padEnd(widths[at] ?? 0)).join(
        "  ",
      )
    }\n`
  ).join("");
}

/** The report; where a run did not get that far, why. */
export function recordText(record: DiagnosisRecord): string {
  if (record.report !== "") return record.report;
  return `${record.id} was ${record.status} before it had a report: ${printable(record.verdict)}\n`;
}

function shortened(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1).toWellFormed()}…`;
}
