import { dirname } from "node:path";
import { migrate, type Migration } from "../../../lib/config/migrate/migrate.ts";
import { TempFolder } from "../temp_folder.ts";

/** Migrates a configuration whose files are given by their paths below the folder. */
export async function migrated(files: Readonly<Record<string, string>>): Promise<Migration> {
  await using folder = new TempFolder();
  for (const [name, text] of Object.entries({ "config.toml": "", ...files })) {
    await Deno.mkdir(folder.at(dirname(name)), { recursive: true });
    folder.write(name, text);
  }
  return await migrate("config.toml", folder.path);
}

/** A plugin's folder, migrated alone: its tables of checks as they load, and the notes. */
export function migratedPlugin(plugin: string, text: string): Promise<Migration> {
  return migrated({ [`p.${plugin}/${plugin}.toml`]: text });
}

/** The notes in one text, a line each. */
export function linesOf(notes: Migration["dropped"]): string {
  return notes.map(({ place, text }) => `${place}: ${text}`).join("\n");
}
