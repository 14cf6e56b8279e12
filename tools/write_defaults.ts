/**
 * Writes `lib/config/default_settings.ts`: what the schema makes of an empty file, so that a start need not ask it:
 * `deno task docs`.
 */
import { fileSchema } from "../lib/config/file_schema.ts";

/** Where it is. */
export const DEFAULTS_FILE = new URL("../lib/config/default_settings.ts", import.meta.url);

/** The module's text, not yet formatted. */
export function defaultsModule(): string {
  return [
    "/** What a configuration says that says nothing. Written by tools/write_defaults.ts: `deno task docs`. */",
    'import type { FileSettings } from "./schema.ts";',
    "",
    "/** Every table and key that has a default, as the schema reads it; made anew for each caller. */",
    `export const defaultSettings = (): FileSettings => (${JSON.stringify(fileSchema().parse({}))});`,
    "",
  ].join("\n");
}

if (import.meta.main) {
  await Deno.writeTextFile(DEFAULTS_FILE, defaultsModule());
  const path = decodeURIComponent(DEFAULTS_FILE.pathname);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", path] }).output();
}
