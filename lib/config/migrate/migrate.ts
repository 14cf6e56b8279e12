/** Moves a configuration of catpaw: reads its files, and writes one of ours. */
import { keyText, tomlText } from "../option_rows.ts";
import { keepAccepted, type Migrated } from "./accepted.ts";
import { agentTables } from "./agent_tables.ts";
import { readDuration } from "./amounts.ts";
import { checkTables } from "./check_tables.ts";
import { readPeer } from "./read_peer.ts";
import { type MigrationNote, MigrationReport } from "./report.ts";
import type { OurSettings } from "./rule.ts";
import { isTable, type Layer, SourceTable } from "./source_table.ts";

/** What came of it. */
export interface Migration {
  /** The configuration: it passes `pawl config check` once the variables and files that it names are there. */
  readonly toml: string;
  /** What has no counterpart. */
  readonly dropped: readonly MigrationNote[];
  /** What means something else now. */
  readonly changed: readonly MigrationNote[];
}

/**
 * Reads catpaw's `config.toml` (or the folder that it is in) and the plugin folders next to it. Changes nothing.
 *
 * @throws ConfigError for files that cannot be read, or are no TOML.
 */
export async function migrate(path: string, cwd: string): Promise<Migration> {
  const { agent, plugins, unread } = await readPeer(path, cwd);
  const report = new MigrationReport();
  for (const file of unread) report.drop(file, "only TOML is read: write it as TOML first");
  const layers = agent.map(({ file, values }): Layer => ({ file, path: [], values })).reverse();
  const source = new SourceTable(layers, report, "");
  const globalIntervalMs = readDuration(source.table("global")?.take("interval"));
  const tables = agentTables(source);
  const migrated: Migrated = {
    agent: Object.fromEntries(
      Object.entries(tables).map(([name, table]) => [name, present(table)]).filter(([, table]) =>
        Object.keys(table ?? {}).length > 0
      ),
    ),
    checks: checkTables(plugins, { globalIntervalMs, report }),
  };
  const place = agent[0]?.file.name ?? path;
  await keepAccepted(migrated, { place, report });
  return { toml: written(migrated, place), dropped: report.dropped, changed: report.changed };
}

function present(settings: OurSettings): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, isTable(value) ? present(value) : value]),
  );
}

function written({ agent, checks }: Migrated, place: string): string {
  const sections = [
    `# Made of ${oneLine(place)}. Check it with: pawl config check --config FILE\n`,
    ...Object.entries(agent).filter(([name]) => name !== "notify").map(([name, table]) =>
      `[${name}]\n${lines(table)}`
    ),
    // Nothing ran that was not named.
    ...checks.length === 0 ? ["# No check runs.\n[check]\n"] : [],
    ...checks.map(({ plugin, settings, place }) =>
      `# From ${oneLine(place)}.\n[[check.${plugin}]]\n${lines(settings)}`
    ),
    ...Object.entries(agent["notify"] ?? {}).map(([name, table]) =>
      `[notify.${keyText(name)}]\n${isTable(table) ? lines(table) : ""}`
    ),
  ];
  return sections.join("\n");
}

function lines(table: Readonly<Record<string, unknown>>): string {
  return Object.entries(table).map(([key, value]) => `${keyText(key)} = ${tomlText(value)}\n`).join("");
}

/** A file's name may have anything in it but a zero byte. */
function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f]/g, "?");
}
