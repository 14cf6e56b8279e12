/** The agent's identity: a UUIDv4, made once and kept in the state folder. */
import { join } from "node:path";
import { ConfigError } from "./config_error.ts";
import { readSmallFile, reasonOf } from "./read_file.ts";

const FILE_NAME = "agent_id";
const TEMPORARY = /^\.agent_id\..*\.tmp$/;
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Options of {@linkcode loadOrCreateAgentId}. */
export interface AgentIdOptions {
  /**
   * Makes a new identity.
   * @default crypto.randomUUID
   */
  randomUuid?: () => string;
}

/**
 * The identity in the folder `stateDir`, which must exist; a folder without one gets one. May run any number of
 * times at once, in any number of processes: all get the same answer, and a crash at any point leaves either no
 * identity or a whole one.
 *
 * @throws ConfigError if the file is there but cannot be read or is damaged: a new identity is never made silently.
 */
export async function loadOrCreateAgentId(stateDir: string, options: AgentIdOptions = {}): Promise<string> {
  const { randomUuid = () => crypto.randomUUID() } = options;
  const path = join(stateDir, FILE_NAME);
  const known = await read(path);
  if (known !== undefined) return known;
  try {
    await create(stateDir, path, randomUuid());
  } catch (error) {
    throw new ConfigError(
      `cannot keep the agent's identity in ${path}: ${
        reasonOf(error)
      }; make the folder writable for the agent`,
      { cause: error },
    );
  }
  // Read back, not assumed: another creator may have been faster.
  const agreed = await read(path);
  if (agreed !== undefined) return agreed;
  throw new ConfigError(`cannot keep the agent's identity in ${path}: it is not a plain file; remove it`);
}

/** The identity that the folder has; undefined where it has none. Changes nothing but a mode that is too open. */
export function readAgentId(stateDir: string): Promise<string | undefined> {
  return read(join(stateDir, FILE_NAME));
}

async function read(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readSmallFile(path, 1024);
  } catch (error) {
    if (error instanceof Error && error.cause instanceof Deno.errors.NotFound) return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`cannot read the agent's identity from ${path}: ${why}; ${howToMend}`, {
      cause: error,
    });
  }
  const id = text.replace(/\r?\n$/, "");
  if (!UUID_V4.test(id)) {
    const what = id.trim() === "" ? "it is empty" : "it is not a UUIDv4";
    throw new ConfigError(`cannot use the agent's identity in ${path}: ${what}; ${howToMend}`);
  }
  // Only for folders that came from elsewhere; a file that is not ours stays as it is.
  await Deno.chmod(path, 0o600).catch(() => {});
  return id;
}

const howToMend = "restore it from a backup, or delete it to get a new identity";

async function create(stateDir: string, path: string, id: string): Promise<void> {
  const temporary = join(stateDir, `.${FILE_NAME}.${crypto.randomUUID()}.tmp`);
  try {
    {
      using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
      const bytes = new TextEncoder().encode(`${id}\n`);
      for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
      await file.sync();
    }
    await publish(temporary, path);
  } finally {
    await Deno.remove(temporary).catch(() => {});
  }
  await sweep(stateDir);
  await syncFolder(stateDir);
}

/** Unlike a rename, a link never replaces: of several creators one wins, whole. */
async function publish(temporary: string, path: string): Promise<void> {
  try {
    await Deno.link(temporary, path);
  } catch (error) {
    // Lost: a faster creator was first, or has already swept our file away.
    if (!(error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Removes what killed creators left behind: once an identity is there, nobody needs theirs any more. */
async function sweep(stateDir: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(stateDir)) {
      if (TEMPORARY.test(name)) await Deno.remove(join(stateDir, name)).catch(() => {});
    }
  } catch {
    // tidiness only
  }
}

async function syncFolder(stateDir: string): Promise<void> {
  try {
    using folder = await Deno.open(stateDir, { read: true });
    await folder.sync();
  } catch {
    // Not every file system syncs folders; the file itself is synced.
  }
}
