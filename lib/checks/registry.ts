/** Every kind of check there is. */
import { CERT_CHECK } from "./cert.ts";
import { CONNTRACK_CHECK } from "./conntrack.ts";
import { CPU_CHECK } from "./cpu.ts";
import type { CheckDefinition } from "./definition.ts";
import { DISK_CHECK } from "./disk.ts";
import { DISKIO_CHECK } from "./diskio.ts";
import { DNS_CHECK } from "./dns.ts";
import { DOCKER_CHECK } from "./docker.ts";
import { EXEC_CHECK } from "./exec.ts";
import { FILECHECK_CHECK } from "./filecheck.ts";
import { FILEFD_CHECK } from "./filefd.ts";
import { HOSTIDENT_CHECK } from "./hostident.ts";
import { HTTP_CHECK } from "./http.ts";
import { LOGFILE_CHECK } from "./logfile.ts";
import { MEM_CHECK } from "./mem.ts";
import { MOUNT_CHECK } from "./mount.ts";
import { NEIGH_CHECK } from "./neigh.ts";
import { NET_CHECK } from "./net.ts";
import { NETIF_CHECK } from "./netif.ts";
import { NTP_CHECK } from "./ntp.ts";
import { PROCFD_CHECK } from "./procfd.ts";
import { PROCNUM_CHECK } from "./procnum.ts";
import { PSI_CHECK } from "./psi.ts";
import { REDIS_CHECK } from "./redis.ts";
import { SOCKSTAT_CHECK } from "./sockstat.ts";
import { SYSCTL_CHECK } from "./sysctl.ts";
import { SYSTEMD_CHECK } from "./systemd.ts";
import { TCPSTATE_CHECK } from "./tcpstate.ts";
import { UPTIME_CHECK } from "./uptime.ts";
import { ZOMBIE_CHECK } from "./zombie.ts";

/** In the order of lists and reports: the host's resources, its network, its processes, and what runs on it. */
export const CHECKS: readonly CheckDefinition[] = [
  CPU_CHECK,
  MEM_CHECK,
  PSI_CHECK,
  DISK_CHECK,
  DISKIO_CHECK,
  MOUNT_CHECK,
  NETIF_CHECK,
  SOCKSTAT_CHECK,
  TCPSTATE_CHECK,
  CONNTRACK_CHECK,
  NEIGH_CHECK,
  FILEFD_CHECK,
  PROCFD_CHECK,
  PROCNUM_CHECK,
  ZOMBIE_CHECK,
  SYSCTL_CHECK,
  UPTIME_CHECK,
  HOSTIDENT_CHECK,
  NTP_CHECK,
  DNS_CHECK,
  NET_CHECK,
  HTTP_CHECK,
  CERT_CHECK,
  FILECHECK_CHECK,
  LOGFILE_CHECK,
  EXEC_CHECK,
  SYSTEMD_CHECK,
  DOCKER_CHECK,
  REDIS_CHECK,
];

const byPlugin = new Map(CHECKS.map((definition) => [definition.plugin, definition]));

/** The kind of check of this name. @throws RangeError when there is none. */
export function checkDefinition(plugin: string): CheckDefinition {
  const definition = byPlugin.get(plugin);
  if (definition !== undefined) return definition;
  throw new RangeError(
    `there is no check ${JSON.stringify(plugin)}; known are ${[...byPlugin.keys()].join(", ")}`,
  );
}
