/** `/proc/<pid>/status`. */
import { countOf, fieldsOf, kilobytesOf, wordsOf } from "../kernel_text.ts";

/** What `status` tells of a process; what is missing in it is left out (a kernel thread has no memory of its own). */
export interface ProcessStatus {
  readonly name?: string;
  readonly pid?: number;
  readonly ppid?: number;
  /** One letter, as in `stat`. */
  readonly state?: string;
  /** The real user. */
  readonly uid?: number;
  readonly effectiveUid?: number;
  readonly gid?: number;
  readonly threads?: number;
  /** Memory that lies in RAM. */
  readonly rssBytes?: number;
  readonly rssAnonymousBytes?: number;
  readonly peakRssBytes?: number;
  readonly virtualBytes?: number;
  readonly swapBytes?: number;
  /** Places for open files: at least as many as there are open. */
  readonly fdPlaces?: number;
  readonly voluntarySwitches?: number;
  readonly involuntarySwitches?: number;
}

/** Never throws. */
export function parseProcessStatus(text: string): ProcessStatus {
  const fields = fieldsOf(text);
  const count = (key: string, word = 0) => countOf(wordsOf(fields.get(key) ?? "")[word]);
  const bytes = (key: string) => kilobytesOf(fields.get(key));
  const all: { [Key in keyof ProcessStatus]-?: ProcessStatus[Key] | undefined } = {
    name: fields.get("Name"),
    pid: count("Pid"),
    ppid: count("PPid"),
    state: fields.get("State")?.slice(0, 1) || undefined,
    uid: count("Uid"),
    effectiveUid: count("Uid", 1),
    gid: count("Gid"),
    threads: count("Threads"),
    rssBytes: bytes("VmRSS"),
    rssAnonymousBytes: bytes("RssAnon"),
    peakRssBytes: bytes("VmHWM"),
    virtualBytes: bytes("VmSize"),
    swapBytes: bytes("VmSwap"),
    fdPlaces: count("FDSize"),
    voluntarySwitches: count("voluntary_ctxt_switches"),
    involuntarySwitches: count("nonvoluntary_ctxt_switches"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** One field alone, which costs far less than all of them; undefined where it is missing. */
export function statusField(text: string, name: string): string | undefined {
  const start = text.startsWith(`${name}:`) ? 0 : text.indexOf(`\n${name}:`) + 1;
  if (start === 0 && !text.startsWith(`${name}:`)) return undefined;
  const end = text.indexOf("\n", start);
  return text.slice(start + name.length + 1, end < 0 ? undefined : end).trim();
}
