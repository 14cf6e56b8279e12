/** The state folder: where it is, that it is ours alone, and that one agent uses it. */
import { join, resolve } from "node:path";
import { loadOrCreateAgentId } from "./agent_id.ts";
import { ConfigError } from "./config_error.ts";
import type { Environment } from "./env_references.ts";
import { readSmallFile, reasonOf } from "./read_file.ts";

/** Options of {@linkcode resolveStateDir}. */
export interface StateDirSources {
  /** `--state-dir`; a relative path starts at `cwd`. */
  flag?: string | undefined;
  /** `Config.stateDir`. */
  config?: string | undefined;
  env: Environment;
  /** `Deno.uid()`. */
  uid: number | null;
  /** The working folder, absolute. */
  cwd: string;
}

/**
 * The folder to use, absolute. Touches nothing.
 *
 * @throws ConfigError if nothing names one.
 */
export function resolveStateDir({ flag, config, env, uid, cwd }: StateDirSources): string {
  if (flag !== undefined) {
    if (flag === "") throw new ConfigError("--state-dir must not be empty; name a folder or leave it out");
    return resolve(cwd, flag);
  }
  if (config !== undefined) return config;
  // systemd lists several folders with colons between them.
  const [ofService] = (env.get("STATE_DIRECTORY") ?? "").split(":");
  if (ofService) return resolve(cwd, ofService);
  if (uid === 0) return "/var/lib/pawl";
  const ofUser = env.get("XDG_STATE_HOME");
  // The XDG rules: a relative path there is to be ignored.
  if (ofUser?.startsWith("/")) return join(ofUser, "pawl");
  const home = env.get("HOME");
  if (home) return resolve(cwd, home, ".local/state/pawl");
  throw new ConfigError(
    "cannot find a state folder: HOME is not set; name one with --state-dir or state_dir",
  );
}

/** A state folder in use. Disposing gives it free; more than once is harmless. */
export interface StateDir extends AsyncDisposable {
  /** Absolute. */
  readonly path: string;
  /** See `loadOrCreateAgentId`. */
  readonly agentId: string;
}

/** Options of {@linkcode openStateDir}. */
export interface OpenStateDirOptions {
  /**
   * The wall clock, for the note in the lock.
   * @default Date.now
   */
  wallMs?: () => number;
}

/**
 * Makes the folder where it is missing, closes it to other users, and takes its lock, which the kernel gives back
 * however the process ends.
 *
 * @param path absolute, as {@linkcode resolveStateDir} gives it.
 * @throws ConfigError if it cannot be made or written, is somebody else's, or another agent holds it.
 */
export async function openStateDir(path: string, options: OpenStateDirOptions = {}): Promise<StateDir> {
  const { wallMs = Date.now } = options;
  await makePrivate(path);
  const lock = await takeLock(path, wallMs);
  let agentId: string;
  try {
    agentId = await loadOrCreateAgentId(path);
  } catch (error) {
    lock.close();
    throw error;
  }
  let held = true;
  return {
    path,
    agentId,
    // deno-lint-ignore require-await
    async [Symbol.asyncDispose]() {
      if (held) lock.close(); // which unlocks; the file stays: removing it would race with the next holder
      held = false;
    },
  };
}

const OWN_FILES = new Set(["agent_id", "lock", "lost+found"]);

async function makePrivate(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    const { mode, uid } = await Deno.stat(path);
    const isOpen = mode !== null && (mode & 0o077) !== 0;
    if (!isOpen || uid !== Deno.uid()) return;
    if (!await looksOurs(path)) {
      throw new ConfigError(
        `cannot use the state folder ${path}: it is open to other users and holds other files; ` +
          "name a folder of its own, or chmod it to 0700",
      );
    }
    await Deno.chmod(path, 0o700);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw unusable(path, error);
  }
}

/** Closing somebody's folder, `/tmp` above all, would break the host. */
async function looksOurs(path: string): Promise<boolean> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(path)) names.push(name);
  return names.includes("agent_id") || names.every((name) => OWN_FILES.has(name));
}

async function takeLock(path: string, wallMs: () => number): Promise<Deno.FsFile> {
  const lockPath = join(path, "lock");
  let file: Deno.FsFile | undefined;
  let isTaken: boolean;
  try {
    file = await Deno.open(lockPath, { read: true, write: true, create: true, mode: 0o600 });
    isTaken = await file.tryLock(true);
    if (isTaken) {
      await file.truncate();
      const note = `pid ${Deno.pid}, since ${new Date(wallMs()).toISOString()}\n`;
      await file.write(new TextEncoder().encode(note));
    }
  } catch (error) {
    file?.close();
    throw unusable(path, error);
  }
  if (isTaken) return file;
  file.close();
  throw new ConfigError(
    `cannot use the state folder ${path}: another agent holds it (${await holderOf(lockPath)}); ` +
      "stop that one, or give this one its own --state-dir",
  );
}

async function holderOf(lockPath: string): Promise<string> {
  const note = await readSmallFile(lockPath, 1024).catch(() => "");
  return /^pid \d+, since [\dT:.Z-]+$/.test(note.trim()) ? note.trim() : "it has only just started";
}

function unusable(path: string, error: unknown): ConfigError {
  const inTheWay = error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory;
  const remedy = inTheWay
    ? "move that away"
    : error instanceof Deno.errors.NotCapable
    ? 'grant reading and writing it ("pawl permissions" renders that; an executable is compiled for one folder)'
    : "make it writable";
  return new ConfigError(
    `cannot use the state folder ${path}: ${reasonOf(error)}; ${remedy} or name another with --state-dir`,
    { cause: error },
  );
}
