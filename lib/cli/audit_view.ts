/** The audit as people read it. */
import { printable } from "../log.ts";
import type { AuditEntry } from "../sessions/audit/line.ts";
import type { AuditProblem, AuditVerdict } from "../sessions/audit/verify.ts";

/** One line for an entry. */
export function entryText({ seq, time, event, ...fields }: AuditEntry): string {
  const words = Object.entries(fields).map(([name, value]) => {
    const plain = typeof value === "string" && /^[^\s"=]+$/.test(value);
    return `${name}=${plain ? value : JSON.stringify(value)}`;
  });
  return `${printable([String(seq).padStart(6), time, event.padEnd(16), ...words].join("  "))}\n`;
}

/** What `pawl audit verify` says. */
export function verdictText(verdict: AuditVerdict, folder: string): string {
  const { problems, notes, files, entries, first, last, hash } = verdict;
  const lines = [
    ...notes.map((note) => `note: ${placed(note)}`),
    ...problems.map((problem) => `broken: ${placed(problem)}`),
  ];
  if (problems.length === 0) {
    lines.push(
      entries === 0
        ? `nothing is written down in ${folder}`
        : `whole: ${entries} entries (${first} to ${last}) in ${files} ${
          files === 1 ? "file" : "files"
        } of ${folder}`,
    );
  }
  if (entries > 0) lines.push(`head: ${last}:${hash}`);
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function placed({ file, line, what }: AuditProblem): string {
  return `${file}${line === undefined ? "" : `, line ${line}`}: ${what}`;
}
