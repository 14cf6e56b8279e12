/** What a check or a tool has to be let see: asked by `doctor`, and by whatever renders permissions. */

/** The calls of the runtime that stand behind {@linkcode HostFacts}. */
export type RuntimeFact = "cpuTimes" | "memory" | "loadAverages" | "uptime" | "hostname" | "interfaces";

/** One thing that has to be seen, reached or run. */
export type Need =
  /** A fact that some source of the host gives. */
  | { readonly fact: RuntimeFact }
  /** The file system that this path lies on. */
  | { readonly fileSystem: string }
  /**
   * A file or folder of the kernel, by its usual path: `/proc/net/netstat`, `/sys/class/net`. Without one that is
   * `optional` there is less to tell, but something.
   */
  | { readonly kernel: string; readonly optional?: true }
  /** `host:port`, or `unix:/absolute/path`. */
  | { readonly net: string }
  /** A file or folder, absolute. */
  | { readonly read: string }
  /** A file or folder, absolute. */
  | { readonly write: string }
  /** A program, by its absolute path or its name. */
  | { readonly run: string };
