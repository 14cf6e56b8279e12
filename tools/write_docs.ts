/** Writes the parts of `docs/` that the code knows best, between their markers: `deno run -A tools/write_docs.ts`. */
import { CHECKS } from "../lib/checks/registry.ts";
import type { CheckDefinition } from "../lib/checks/definition.ts";
import { allTools } from "../lib/tools/all_tools.ts";
import { argumentsOf } from "../lib/tools/arguments.ts";
import { PROGRAMS_TOOLS } from "../lib/tools/programs.ts";
import { optionRows, paceRows } from "../lib/config/check_reference.ts";
import type { OptionRow } from "../lib/config/option_rows.ts";
import { destinationRows, plainRows, type ReferenceRow } from "../lib/config/reference.ts";

/** The table of all checks: one row for each dimension. */
export function checksTable(): string {
  const rows = CHECKS.flatMap(({ plugin, dimensions, byDefault }) =>
    dimensions.map(({ dimension, target, figure, source, defaults }) => [
      `\`${plugin}::${dimension}\``,
      target,
      figure,
      source,
      defaults,
      byDefault ? "yes" : "no",
    ])
  );
  return markdownTable(["check", "target", "what", "read from", "defaults", "runs by default"], rows);
}

/** The options of each check. */
export function optionsReference(): string {
  const usual = optionsTable(paceRows({}));
  return [
    "### Every check",
    usual,
    ...CHECKS.flatMap((definition) => [`### ${definition.plugin}`, ownOptions(definition)]),
  ].join("\n\n");
}

function ownOptions(definition: CheckDefinition): string {
  const usual = new Map(paceRows({}).map(({ key, defaultText }) => [key, defaultText]));
  const otherPace = paceRows(definition).filter(({ key, defaultText }) => usual.get(key) !== defaultText);
  const pace = otherPace.map(({ key, defaultText }) => `\`${key}\` is \`${defaultText}\``).join(", ");
  const rows = optionRows(definition);
  return [
    definition.summary,
    ...pace === "" ? [] : [`Here ${pace}.`],
    rows.length === 0 ? "No options of its own." : optionsTable(rows),
  ].join("\n\n");
}

/** The table of all tools, with those that need a program allowed. */
export function toolsTable(): string {
  const programs = PROGRAMS_TOOLS.flatMap(({ needs }) =>
    needs.flatMap((need) => "run" in need ? [need.run] : [])
  );
  const rows = allTools({ allowRun: programs })
    .sort((a, b) => a.family < b.family || (a.family === b.family && a.name < b.name) ? -1 : 1)
    .map((tool) => [
      `\`${tool.name}\``,
      tool.family,
      tool.reach,
      argumentsOf(tool).map(({ name, required }) => required ? `**${name}**` : name).join(", "),
      tool.description,
    ]);
  return markdownTable(["tool", "family", "reach", "arguments", "what it tells"], rows);
}

/** A table of keys of the configuration, by their whole names. */
export function keysTable(rows: readonly ReferenceRow[]): string {
  return markdownTable(
    ["key", "default", "what it does"],
    rows.map(({ key, defaultText, otherwise, needed, description }) => [
      `\`${key}\``,
      defaultText === undefined ? otherwise ?? (needed ? "needed" : "none") : `\`${defaultText}\``,
      description,
    ]),
  );
}

function optionsTable(rows: readonly OptionRow[]): string {
  return markdownTable(
    ["option", "default", "what it does"],
    rows.map(({ key, defaultText, description }) => [
      `\`${key}\``,
      defaultText === undefined ? "" : `\`${defaultText}\``,
      description,
    ]),
  );
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join(
    "\n",
  );
}

/** The page with everything between its markers as it should be. */
export function rewritten(page: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [begin, end] = [`<!-- ${name}: written by tools/write_docs.ts -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) {
      throw new Error(`cannot write ${name}: its markers are missing; add ${begin} and ${end}`);
    }
    return `${text.slice(0, from + begin.length)}\n\n${part}\n\n${text.slice(to)}`;
  }, page);
}

/** What each page has between its markers. */
export const PAGES: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
  "docs/checks.md": () => ({ "checks": checksTable(), "options": optionsReference() }),
  "docs/diagnosis.md": () => ({ "tools": toolsTable() }),
  "docs/configuration.md": () => ({
    "keys": keysTable(plainRows()),
    "destinations": keysTable(destinationRows()),
  }),
};

if (import.meta.main) {
  for (const [path, parts] of Object.entries(PAGES)) {
    const url = new URL(`../${path}`, import.meta.url);
    await Deno.writeTextFile(url, rewritten(await Deno.readTextFile(url), parts()));
    await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", decodeURIComponent(url.pathname)] })
      .output();
  }
}
