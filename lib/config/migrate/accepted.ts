/** What our schema accepts of what was moved: the rest goes, and is noted. */
import { expandEnv } from "../env_references.ts";
import { expectation } from "../expectation.ts";
import { readTables } from "../schema.ts";
import { dotted, valueAt } from "../toml.ts";
import type { CheckTable } from "./check_tables.ts";
import type { MigrationReport } from "./report.ts";

/** A configuration as it will be written. */
export interface Migrated {
  /** Tables by name, but the checks. */
  readonly agent: Record<string, Record<string, unknown>>;
  checks: CheckTable[];
}

/** Takes out of `migrated` what the schema refuses, until it refuses nothing. */
export async function keepAccepted(
  migrated: Migrated,
  { place, report }: { place: string; report: MigrationReport },
): Promise<void> {
  for (;;) {
    const byPlugin = Map.groupBy(migrated.checks, ({ plugin }) => plugin);
    const check = Object.fromEntries(
      [...byPlugin].map(([plugin, tables]) => [plugin, tables.map(({ settings }) => settings)]),
    );
    // What variables hold is not known here: any text will do for those that stand alone.
    const document = expandEnv({ ...migrated.agent, check }, { get: () => "value" }) as Record<
      string,
      unknown
    >;
    const result = await readTables(document);
    const issue = result.success ? undefined : worstLast(result.error.issues);
    if (issue === undefined) return;
    const [first, plugin, index, ...rest] = issue.path;
    const key = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    const path = key === undefined ? rest : [...rest, key];
    const why = issue.code === "unrecognized_keys" ? "there is no such key" : expectation(issue);
    if (first !== "check") {
      report.drop(place, `${dotted(issue.path)}: ${why}`);
      if (!removeAt(migrated.agent, issue.path)) delete migrated.agent[String(first)];
      continue;
    }
    const table = byPlugin.get(String(plugin))?.[Number(index)];
    if (table === undefined) throw new Error(`cannot migrate ${String(plugin)}: ${why}`);
    report.drop(table.place, `${[String(plugin), ...path].map(String).join(".")}: ${why}`);
    if (path.length === 0 || !removeAt(table.settings, path)) {
      migrated.checks = migrated.checks.filter((one) => one !== table);
    }
  }
}

/** One that is about a key says more than one that is about its table. */
function worstLast<Issue extends { readonly path: readonly PropertyKey[] }>(
  issues: readonly Issue[],
): Issue | undefined {
  return issues.toSorted((a, b) => b.path.length - a.path.length)[0];
}

/** Removes the value at `path`, or the one nearest to it that is there. False where nothing is. */
function removeAt(root: object, path: readonly PropertyKey[]): boolean {
  for (let length = path.length; length > 0; length--) {
    const parent = valueAt(root, path.slice(0, length - 1));
    const key = path[length - 1];
    if (typeof parent !== "object" || parent === null || key === undefined) continue;
    if (!Object.hasOwn(parent, key)) continue;
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete (parent as Record<PropertyKey, unknown>)[key];
    return true;
  }
  return false;
}
