/**
 * The kinds of check that run when the configuration names none. Most agents have these alone: a start does without the
 * code of all others.
 */
import { CONNTRACK_CHECK } from "./conntrack.ts";
import { CPU_CHECK } from "./cpu.ts";
import { DISK_CHECK } from "./disk.ts";
import { DISKIO_CHECK } from "./diskio.ts";
import { FILEFD_CHECK } from "./filefd.ts";
import { HOSTIDENT_CHECK } from "./hostident.ts";
import { MEM_CHECK } from "./mem.ts";
import { NEIGH_CHECK } from "./neigh.ts";
import { NETIF_CHECK } from "./netif.ts";
import { PROCFD_CHECK } from "./procfd.ts";
import { PSI_CHECK } from "./psi.ts";
import { SOCKSTAT_CHECK } from "./sockstat.ts";
import { TCPSTATE_CHECK } from "./tcpstate.ts";
import { UPTIME_CHECK } from "./uptime.ts";
import { ZOMBIE_CHECK } from "./zombie.ts";
import type { CheckDefinition, DefinitionOf } from "./definition.ts";

/** In the order of lists and reports. */
export const DEFAULT_CHECKS: readonly CheckDefinition[] = [
  CPU_CHECK,
  MEM_CHECK,
  PSI_CHECK,
  DISK_CHECK,
  DISKIO_CHECK,
  NETIF_CHECK,
  SOCKSTAT_CHECK,
  TCPSTATE_CHECK,
  CONNTRACK_CHECK,
  NEIGH_CHECK,
  FILEFD_CHECK,
  PROCFD_CHECK,
  ZOMBIE_CHECK,
  UPTIME_CHECK,
  HOSTIDENT_CHECK,
];

const byPlugin = new Map(DEFAULT_CHECKS.map((definition) => [definition.plugin, definition]));

/** One of {@linkcode DEFAULT_CHECKS}. */
export const defaultDefinition: DefinitionOf = (plugin) => {
  const definition = byPlugin.get(plugin);
  if (definition !== undefined) return definition;
  throw new RangeError(`the check ${JSON.stringify(plugin)} is none of those that run by default`);
};

/** What gives the kinds of check of these names: the others' code is loaded where one is among them. */
export async function definitionsOf(plugins: readonly string[]): Promise<DefinitionOf> {
  if (plugins.every((plugin) => byPlugin.has(plugin))) return defaultDefinition;
  return (await import("./registry.ts")).checkDefinition;
}
