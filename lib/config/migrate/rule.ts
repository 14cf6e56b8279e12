/** How one kind of check is moved. */
import { durationText } from "./amounts.ts";
import type { SourceTable } from "./source_table.ts";

/** Options of one of our tables, by their names; undefined ones are left out. */
export type OurSettings = Readonly<Record<string, unknown>>;

/** What a rule may need to know besides. */
export interface RuleContext {
  /** How often the check looked. */
  readonly intervalMs: number;
}

/**
 * Makes our tables of one of theirs: none where it did nothing, or where nothing fits, which the rule then notes. What
 * it takes from the source has found its place.
 */
export type Rule = (source: SourceTable, context: RuleContext) => readonly OurSettings[];

/** `warn_ge` and `critical_ge` of a dimension; one that is not there was off. */
export function thresholds(
  dimension: SourceTable | undefined,
  read: (table: SourceTable, key: string) => unknown = (table, key) => table.number(key),
  off: unknown = 0,
): OurSettings {
  return {
    warn_ge: (dimension && read(dimension, "warn_ge")) ?? off,
    critical_ge: (dimension && read(dimension, "critical_ge")) ?? off,
  };
}

/** The same for thresholds that are durations. */
export function durations(dimension: SourceTable | undefined): OurSettings {
  return thresholds(dimension, (table, key) => table.duration(key), "0s");
}

/** Counts per look as counts per minute. */
export function perMinute(dimension: SourceTable | undefined, { intervalMs }: RuleContext): OurSettings {
  const isMinute = intervalMs === 60_000;
  if (dimension !== undefined && !isMinute) {
    dimension.change(`counted per look, every ${durationText(intervalMs)}; now per minute, converted`);
  }
  return thresholds(dimension, (table, key) => {
    const perLook = table.number(key);
    return perLook === undefined || isMinute
      ? perLook
      : Math.max(1, Math.round(perLook * 60_000 / intervalMs));
  });
}

/** A rule for a check that has one dimension with thresholds, and nothing else. */
export function plain(dimension: string): Rule {
  return (source) => [thresholds(source.table(dimension))];
}

/** A rule for what has no counterpart. */
export function none(why: string): Rule {
  return (source) => {
    source.dropAll(why);
    return [];
  };
}

/** The order of how bad things are. */
const SEVERITIES = ["Info", "Warning", "Critical"];

/** The worst of these; undefined where none is a severity. */
export function worst(severities: readonly (string | undefined)[]): string | undefined {
  return SEVERITIES.findLast((severity) => severities.includes(severity));
}
