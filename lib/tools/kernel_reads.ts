/** Reading what a kernel may or may not have. */
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";

/** A kernel's file, or undefined where this kernel has none of the name. @throws FactUnavailableError as `text` does. */
export async function textIfAny(host: HostFacts, path: string): Promise<string | undefined> {
  try {
    return await host.text(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A kernel's file, or undefined where there is none, or none that this process may read: for what is beside the point. */
export async function textIfReadable(host: HostFacts, path: string): Promise<string | undefined> {
  try {
    return await textIfAny(host, path);
  } catch (error) {
    if (error instanceof FactUnavailableError) return undefined;
    throw error;
  }
}

/** The names in a kernel's folder, none where there is no such folder. @throws FactUnavailableError as `list` does. */
export async function namesIn(host: HostFacts, path: string): Promise<string[]> {
  try {
    return await host.list(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The change of a counter per second; undefined where either reading lacks it, or it was set back. */
export function perSec(
  earlier: number | undefined,
  later: number | undefined,
  elapsedMs: number,
): number | undefined {
  if (earlier === undefined || later === undefined || later < earlier || elapsedMs <= 0) return undefined;
  return 1000 * (later - earlier) / elapsedMs;
}

/** The entries that have a value: plain JSON has no form for a missing one. */
export function given<Entries extends Readonly<Record<string, unknown>>>(
  entries: Entries,
): { [Key in keyof Entries]?: Exclude<Entries[Key], undefined> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Entries]?: Exclude<Entries[Key], undefined>;
  };
}
