/** Which source of the host's facts this process has. */
import { type Clock, systemClock } from "../clock.ts";
import type { HostFacts } from "./host_facts.ts";
import { ProcfsFacts } from "./procfs.ts";
import { RuntimeFacts } from "./runtime.ts";

/** Options of {@linkcode openHost}. */
export interface OpenHostOptions {
  /**
   * Where a readable mount of `/proc` is, absolute.
   * @default what the process may read of "/proc" itself
   */
  procfs?: string | undefined;
  /**
   * Where a readable mount of `/sys` is, absolute.
   * @default "/sys"
   */
  sysfs?: string | undefined;
  /** What deadlines are measured by. @default systemClock */
  clock?: Clock;
  /**
   * What the facts fall back on.
   * @default new RuntimeFacts({ clock })
   */
  runtime?: HostFacts;
}

/**
 * The richest source there is: the configured roots; else `/proc` and `/sys` where they can be read; else the
 * runtime's own calls alone. A root that is configured but not there is no error here: each fact that would come from
 * it says so when it is asked for, and is there once the mount is.
 */
export async function openHost(options: OpenHostOptions = {}): Promise<HostFacts> {
  const { procfs, sysfs = "/sys", clock = systemClock, runtime = new RuntimeFacts({ clock }) } = options;
  const kernel = new ProcfsFacts({ procfs: procfs ?? "/proc", sysfs, fallback: runtime, clock });
  if (procfs !== undefined || options.sysfs !== undefined) return kernel;
  // Trying would ask whoever sits at the terminal.
  if (Deno.permissions.querySync({ name: "read", path: "/proc/stat" }).state !== "granted") return runtime;
  try {
    await kernel.text("/proc/stat");
    return kernel;
  } catch {
    return runtime; // refused, or no Linux: it says by itself what would unlock the rest
  }
}
