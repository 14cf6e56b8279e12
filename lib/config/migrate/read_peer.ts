/** The files of a configuration of catpaw. */
import { basename, dirname, join, relative, resolve } from "node:path";
import { ConfigError } from "../config_error.ts";
import { readSmallFile } from "../read_file.ts";
import { parseToml, TomlSyntaxError, type TomlTable } from "../toml.ts";
import type { PeerFile } from "./source_table.ts";

/** A file that is valid TOML. */
export interface ReadFile {
  readonly file: PeerFile;
  readonly values: TomlTable;
}

/** A folder `p.NAME`. */
export interface PeerPlugin {
  readonly name: string;
  readonly files: readonly ReadFile[];
}

/** Everything that was read. */
export interface PeerConfiguration {
  /** Of the agent itself; what stands in a later one wins. */
  readonly agent: readonly ReadFile[];
  /** By name. */
  readonly plugins: readonly PeerPlugin[];
  /** Files that catpaw reads and this does not, by their names. */
  readonly unread: readonly string[];
}

const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads `config.toml`, the other TOML files next to it, and the plugin folders there.
 *
 * @param path the file, or the folder that it is in.
 * @throws ConfigError for what cannot be read, or is no TOML.
 */
export async function readPeer(path: string, cwd: string): Promise<PeerConfiguration> {
  const named = resolve(cwd, path);
  const isFolder = await Deno.stat(named).then(({ isDirectory }) => isDirectory, () => false);
  const main = isFolder ? join(named, "config.toml") : named;
  const folder = dirname(main);
  const nameOf = (file: string) => {
    const short = relative(cwd, file);
    return short.startsWith("..") ? file : short;
  };
  const read = (file: string) => readToml(file, nameOf(file));
  const agent = [await read(main)];
  const entries = await listed(folder);
  const others = entries.filter((name) => name.endsWith(".toml") && name !== basename(main))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  for (const name of others) agent.push(await read(join(folder, name)));
  const isOther = (name: string) => /\.(?:ya?ml|json)$/.test(name);
  const unread = entries.filter(isOther).map((name) => nameOf(join(folder, name)));
  const plugins: PeerPlugin[] = [];
  for (const name of entries.filter((entry) => entry.startsWith("p.")).sort()) {
    const all = (await listed(join(folder, name))).sort();
    const inside = all.filter((file) => file.endsWith(".toml"));
    unread.push(...all.filter(isOther).map((file) => nameOf(join(folder, name, file))));
    const files: ReadFile[] = [];
    for (const file of inside) files.push(await read(join(folder, name, file)));
    if (files.length > 0) plugins.push({ name: name.slice(2), files });
  }
  return { agent, plugins, unread };
}

/** Files for this host alone win. */
function rank(name: string): number {
  return name === "config.local.toml" ? 2 : name.endsWith(".local.toml") ? 1 : 0;
}

/** The names in a folder; none where it cannot be listed, for then there are no plugins to move. */
async function listed(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) names.push(name);
  } catch {
    return [];
  }
  return names;
}

async function readToml(path: string, name: string): Promise<ReadFile> {
  let text: string;
  try {
    text = await readSmallFile(path, MAX_FILE_BYTES);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`cannot read ${name}: ${why}; name catpaw's config.toml`, { cause: error });
  }
  try {
    return { file: { name, text }, values: parseToml(text) };
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
    throw new ConfigError(
      `cannot read ${name}:${error.line}:${error.column}: ${error.message}; mend the syntax`,
    );
  }
}
