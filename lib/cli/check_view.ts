/** What checks found, as a table and as events. */
import { type AlertEvent, alertEvent, type EventStatus } from "../alerts/event.ts";
import type { Look } from "../checks/one_look.ts";
import { gatherFinding } from "../checks/slot.ts";
import { printable } from "../log.ts";

const ORDER: readonly EventStatus[] = ["Critical", "Warning", "Info", "Ok"];

/** The events that this would raise, as one JSON array; `Ok` ones included. */
export function checkEvents(
  looks: readonly Look[],
  { labels, timeSec }: { labels: Readonly<Record<string, string>>; timeSec: number },
): string {
  const events: AlertEvent[] = looks.flatMap(({ check, findings, labels: own, unavailable }) =>
    (unavailable === undefined && findings.length === 0 ? [gatherFinding(check, undefined)] : findings)
      .map((finding) =>
        alertEvent({
          timeSec,
          status: finding.status,
          labels: { ...labels, ...own, ...finding.labels },
          description: finding.description,
          attrs: finding.attrs,
        })
      )
  );
  return `${JSON.stringify(events, undefined, 2)}\n`;
}

/** For people: the worst first, then what could not be seen. */
export function checkTable(looks: readonly Look[]): string {
  const rows = looks.flatMap(({ findings }) => findings)
    .map((finding) => ({ finding, rank: ORDER.indexOf(finding.status) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ finding: { status, labels, attrs, description } }) => [
      status,
      labels.check,
      labels.target,
      attrs.current_value,
      status === "Ok" ? attrs.threshold_desc : description,
    ]);
  const quiet = looks.filter(({ findings, unavailable }) =>
    findings.length === 0 && unavailable === undefined
  );
  // What one remedy would unlock is told with it once.
  const unseen = new Map<string, string[]>();
  for (const { check, unavailable } of looks) {
    if (unavailable === undefined) continue;
    const remedy = /^cannot [^:]{1,200}: (.+; .+)$/s.exec(unavailable)?.[1] ?? unavailable;
    unseen.set(remedy, [...unseen.get(remedy) ?? [], check.plugin]);
  }
  const sections = [];
  if (rows.length > 0) {
    sections.push(aligned([["status", "check", "target", "value", "thresholds"], ...rows]));
  }
  if (quiet.length > 0) {
    sections.push(`nothing to measure: ${[...new Set(quiet.map(({ check }) => check.plugin))].join(", ")}`);
  }
  if (unseen.size > 0) {
    const lines = [...unseen].map(([remedy, plugins]) =>
      printable(`  ${[...new Set(plugins)].join(", ")}: ${remedy}`)
    );
    sections.push(["unavailable:", ...lines].join("\n"));
  }
  return sections.length === 0 ? "no checks are configured\n" : `${sections.join("\n\n")}\n`;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => printable(cell)));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.min(40, Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  );
  return cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd())
    .join("\n");
}
