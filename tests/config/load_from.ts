import type { Config } from "../../lib/config/config.ts";
import { type ConfigFlags, loadConfig } from "../../lib/config/load.ts";
import { TempFolder } from "./temp_folder.ts";

/** What a test varies. */
export interface LoadFromOptions {
  env?: Readonly<Record<string, string>>;
  flags?: ConfigFlags;
  stderrIsTerminal?: boolean;
  mode?: number;
  /** Other files in the same folder. */
  files?: Readonly<Record<string, string>>;
}

/** Loads `toml` from a file `pawl.toml` in a folder that is gone afterwards. */
export async function loadFrom(toml: string, options: LoadFromOptions = {}): Promise<Config> {
  const { env = {}, flags = {}, stderrIsTerminal = false, mode = 0o600, files = {} } = options;
  await using folder = new TempFolder();
  for (const [name, text] of Object.entries(files)) folder.write(name, text);
  return await loadConfig({
    path: folder.write("pawl.toml", toml, mode),
    flags,
    env: new Map(Object.entries(env)),
    cwd: folder.path,
    stderrIsTerminal,
  });
}

/** The message of the error that loading ends with, the folder's name cut off. */
export async function refusal(toml: string, options: LoadFromOptions = {}): Promise<string> {
  try {
    await loadFrom(toml, options);
  } catch (error) {
    if (error instanceof Error && error.name === "ConfigError") {
      return error.message.replaceAll(/\/\S*\/(?=(?:pawl\.toml|[a-z_.]+)\b)/g, "");
    }
    throw error;
  }
  throw new Error("the configuration was accepted");
}
