import fc from "fast-check";
import { tomlText } from "../../../lib/config/option_rows.ts";
import { parseToml } from "../../../lib/config/toml.ts";
import { loadFrom } from "../load_from.ts";
import { migrated } from "./peer_folder.ts";
import { WHOLE_PEER } from "./whole_peer.ts";

type Table = Record<string, unknown>;

const leaf = fc.oneof(
  fc.constantFrom(
    "",
    "0s",
    "5m",
    "99999h",
    "-1",
    "/",
    "*",
    "a b",
    "${",
    "${X}",
    "$${Y}",
    "\n",
    "::1",
    "[",
    "/(/",
    "1GB",
    "toString",
  ),
  fc.integer({ min: -10, max: 1e9 }),
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
  fc.boolean(),
);
const value = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("warn_ge", "severity", "path", "enabled", "toString"), leaf, {
    maxKeys: 3,
  }),
);

/** Where, counted over all places of the file, something else is to stand. */
const mutation = fc.record({ at: fc.nat(500), value: fc.option(value) });

/** Every place that holds a value: its table and its key. */
function places(table: Table | unknown[]): [Table | unknown[], string][] {
  return Object.entries(table).flatMap(([key, inner]) => [
    [table, key] as [Table, string],
    ...(typeof inner === "object" && inner !== null ? places(inner as Table) : []),
  ]);
}

function mutated(text: string, mutations: readonly { at: number; value: unknown }[]): string {
  const table: Table = structuredClone(parseToml(text));
  for (const { at, value } of mutations) {
    const all = places(table);
    const [parent, key] = all[at % all.length] ?? [];
    if (parent === undefined || key === undefined) break;
    if (Array.isArray(parent)) parent.splice(Number(key), 1, ...(value === null ? [] : [value]));
    else if (value === null) delete parent[key];
    else parent[key] = value;
  }
  return Object.entries(table).map(([key, inner]) => `${key} = ${tomlText(inner)}\n`).join("");
}

const ENV = {
  CATPAW_TOKEN: "t0ken",
  WEBAPI_TOKEN: "w3b",
  PAGERDUTY_KEY: "p4ge",
  REDIS_PASSWORD: "r3dis",
  X: "value",
};

Deno.test("whatever stands in the files, what is made of them loads", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(WHOLE_PEER)),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      async (file, mutations) => {
        const { toml } = await migrated({ [file]: mutated(WHOLE_PEER[file] ?? "", mutations) });
        await loadFrom(toml, { env: ENV });
      },
    ),
    { numRuns: 300 },
  );
});
