/** Which process holds a socket. The kernel tells only the other way round: what each process has open. */
import type { Clock } from "../../clock.ts";
import { cleanLine } from "../foreign_text.ts";
import type { HostFacts } from "../host_facts.ts";

/** A process that holds a socket. */
export interface SocketOwner {
  readonly pid: number;
  /** The program's short name. */
  readonly program: string;
}

/** What a search came to. */
export interface SocketOwners {
  /** By inode: of several processes that share a socket, the one with the lowest number. */
  readonly owners: ReadonlyMap<number, SocketOwner>;
  /** How many processes could not be looked into: not permitted. */
  readonly unreadable: number;
  /** Whether every process was looked into, or nothing was left to find. */
  readonly isComplete: boolean;
}

/** Options of {@linkcode findSocketOwners}. */
export interface SocketOwnersOptions {
  clock: Clock;
  signal: AbortSignal;
  /**
   * Processes to look into first: those that held such sockets before.
   * @default []
   */
  likelyPids?: readonly number[];
  /** @default 4096 */
  maxProcesses?: number;
  /**
   * How long to look; what was found by then is the answer.
   * @default 2000
   */
  budgetMs?: number;
}

/** How many links are asked for at once. */
const BATCH = 64;

/**
 * Looks for the processes that hold `inodes`, and stops as soon as all are found, the time is up, or `signal` is
 * aborted. A process that ends meanwhile, or must not be looked into, is passed over.
 * @throws FactUnavailableError where the processes cannot be listed; the signal's reason.
 */
export async function findSocketOwners(
  host: HostFacts,
  inodes: ReadonlySet<number>,
  options: SocketOwnersOptions,
): Promise<SocketOwners> {
  const { clock, signal, likelyPids = [], maxProcesses = 4096, budgetMs = 2000 } = options;
  const owners = new Map<number, SocketOwner>();
  const wanted = new Set(inodes);
  wanted.delete(0); // what no process holds
  if (wanted.size === 0) return { owners, unreadable: 0, isComplete: true };
  const endMs = clock.monotonicMs() + budgetMs;
  const all = (await host.list("/proc")).filter((name) => /^\d+$/.test(name)).map(Number).sort((a, b) =>
    a - b
  );
  const running = new Set(all);
  const pids = [...new Set([...likelyPids.filter((pid) => running.has(pid)), ...all])];
  let unreadable = 0;
  for (const pid of pids.slice(0, maxProcesses)) {
    signal.throwIfAborted();
    if (wanted.size === 0) return { owners, unreadable, isComplete: true };
    if (clock.monotonicMs() >= endMs) return { owners, unreadable, isComplete: false };
    const { found, isReadable, isWhole } = await socketsOf(host, pid, { wanted, clock, endMs, signal });
    if (!isReadable) unreadable++;
    if (found.length > 0) {
      const owner = { pid, program: await programOf(host, pid) };
      for (const inode of found) {
        owners.set(inode, owner);
        wanted.delete(inode);
      }
    }
    if (!isWhole) return { owners, unreadable, isComplete: wanted.size === 0 };
  }
  return { owners, unreadable, isComplete: wanted.size === 0 || pids.length <= maxProcesses };
}

/**
 * The inodes of all sockets that one process has open.
 * @throws Deno.errors.NotFound where there is no such process, FactUnavailableError where it must not be looked into.
 */
export async function socketInodesOf(
  host: HostFacts,
  pid: number,
  signal: AbortSignal,
): Promise<Set<number>> {
  const inodes = new Set<number>();
  const fds = await host.list(`/proc/${pid}/fd`);
  for (let at = 0; at < fds.length; at += BATCH) {
    signal.throwIfAborted();
    for (const inode of await inodesOf(host, pid, fds.slice(at, at + BATCH))) inodes.add(inode);
  }
  return inodes;
}

/** The short name of a process, fit to be shown; `?` where it ended meanwhile. */
export async function programOf(host: HostFacts, pid: number): Promise<string> {
  try {
    return cleanLine(await host.text(`/proc/${pid}/comm`), 64) || "?";
  } catch {
    return "?";
  }
}

interface Search {
  wanted: ReadonlySet<number>;
  clock: Clock;
  endMs: number;
  signal: AbortSignal;
}

async function socketsOf(host: HostFacts, pid: number, { wanted, clock, endMs, signal }: Search) {
  const found = new Set<number>();
  let fds: string[];
  try {
    fds = await host.list(`/proc/${pid}/fd`);
  } catch (error) {
    // It ended; anything else is a refusal.
    return { found: [], isReadable: error instanceof Deno.errors.NotFound, isWhole: true };
  }
  for (let at = 0; at < fds.length && found.size < wanted.size; at += BATCH) {
    signal.throwIfAborted();
    if (clock.monotonicMs() >= endMs) return { found: [...found], isReadable: true, isWhole: false };
    for (const inode of await inodesOf(host, pid, fds.slice(at, at + BATCH))) {
      if (wanted.has(inode)) found.add(inode);
    }
  }
  return { found: [...found], isReadable: true, isWhole: true };
}

async function inodesOf(host: HostFacts, pid: number, fds: readonly string[]): Promise<number[]> {
  const targets = await Promise.all(fds.map((fd) => host.link(`/proc/${pid}/fd/${fd}`).catch(() => "")));
  return targets.flatMap((target) => {
    const [, inode] = /^socket:\[(\d{1,20})\]$/.exec(target) ?? [];
    return inode === undefined ? [] : [Number(inode)];
  });
}
