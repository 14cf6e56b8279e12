/** Going through all processes within bounds. */
import { FactUnavailableError } from "../host/host_facts.ts";
import { listPids, type ProcessFacts, readProcess } from "../host/process/process_table.ts";
import { maskArguments } from "../host/mask_secrets.ts";
import type { ToolContext } from "./tool.ts";

/** What a scan came to. */
export interface ProcessScan<T> {
  readonly found: T[];
  /** How many processes there are. */
  readonly total: number;
  /** How many of them were asked. */
  readonly asked: number;
  /** How many did not let themselves be read. */
  readonly refused: number;
}

/** More than this are not asked: the oldest and the newest are. */
const MAX_PROCESSES = 2000;

/** After so long no more are asked. */
const BUDGET_MS = 4000;

/** So many are asked side by side. */
const GROUP = 64;

/**
 * Asks each process, `undefined` being no answer.
 * @throws FactUnavailableError (or what else it was) where none could be read, the signal's reason when it aborts.
 */
export async function scanProcesses<T>(
  { host, clock, signal }: ToolContext,
  ask: (pid: number) => Promise<T | undefined>,
): Promise<ProcessScan<T>> {
  const pids = await listPids(host);
  const chosen = pids.length <= MAX_PROCESSES
    ? pids
    : [...pids.slice(0, MAX_PROCESSES / 2), ...pids.slice(-MAX_PROCESSES / 2)];
  const startMs = clock.monotonicMs();
  const found: T[] = [];
  let asked = 0;
  let refused = 0;
  let refusal: unknown;
  for (let index = 0; index < chosen.length; index += GROUP) {
    signal.throwIfAborted();
    if (clock.monotonicMs() - startMs > BUDGET_MS) break;
    const group = chosen.slice(index, index + GROUP);
    asked += group.length;
    const answers = await Promise.all(group.map(async (pid) => {
      try {
        return await ask(pid);
      } catch (error) {
        // One that does not answer in time, or not in its right mind, must not keep the others from being seen.
        refusal = error;
        refused++;
        return undefined;
      }
    }));
    for (const answer of answers) if (answer !== undefined) found.push(answer);
  }
  if (asked > 0 && refused === asked) throw refusal;
  return { found, total: pids.length, asked, refused };
}

/** What a reader has to know of a scan besides what it found; nothing where it was complete. */
export function scanNotes({ total, asked, refused }: Omit<ProcessScan<unknown>, "found">): string {
  const notes = [
    refused > 0 && `${refused} ${refused === 1 ? "process" : "processes"} not readable`,
    asked < total && `looked at ${asked} of ${total} processes`,
  ].filter((note) => note !== false);
  return notes.length === 0 ? "" : `\n(${notes.join("; ")})`;
}

/** The same for programs. */
export function scanData({ total, asked, refused }: Omit<ProcessScan<unknown>, "found">) {
  return { processes_total: total, processes_asked: asked, processes_refused: refused };
}

/** A process's command line as it may be shown: masked; its name in brackets where it has none. */
export function commandOf({ args, name }: Pick<ProcessFacts, "args" | "name">): string {
  return args.length === 0 ? `[${name}]` : maskArguments(args);
}

/** The command lines of a few processes; what cannot be had is the name in brackets. */
export async function commandsOf(
  { host }: ToolContext,
  processes: readonly { readonly pid: number; readonly name: string; readonly startTicks: number }[],
): Promise<ReadonlyMap<number, { command: string; uid?: number; rssBytes?: number }>> {
  const answers = await Promise.all(processes.map(async ({ pid, name, startTicks }) => {
    const facts = await readProcess(host, pid).catch((error) => {
      if (error instanceof FactUnavailableError) return undefined;
      throw error;
    });
    // The pid may belong to another by now.
    const same = facts?.startTicks === startTicks ? facts : undefined;
    return [pid, {
      command: same === undefined ? `[${name}]` : commandOf(same),
      ...(same?.uid !== undefined && { uid: same.uid }),
      ...(same !== undefined && { rssBytes: same.rssBytes }),
    }] as const;
  }));
  return new Map(answers);
}
