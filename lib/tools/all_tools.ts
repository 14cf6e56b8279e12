/** Every tool there is. */
import { CGROUP_USAGE } from "./cgroups.ts";
import { CPU_TOOLS } from "./cpu.ts";
import { DISK_OVERVIEW, MOUNT_INFO } from "./disk.ts";
import { DISK_IO_TOOLS } from "./disk_io.ts";
import { dockerTools, type DockerToolsOptions } from "./docker.ts";
import { FILES_TOOLS } from "./files.ts";
import { HARDWARE_TOOLS } from "./hardware.ts";
import { KERNEL_TOOLS } from "./kernel.ts";
import { KERNEL_LOG_TOOLS } from "./kernel_log.ts";
import { MEMORY_TOOLS } from "./memory.ts";
import { NETWORK_TOOLS } from "./network.ts";
import { PROCESS_DETAIL_TOOLS } from "./process_detail.ts";
import { FILEFD_TOP_PROCS, FILEFD_USAGE, IO_TOP } from "./process_io.ts";
import { PROCESS_LIST, PROCESS_SEARCH, ZOMBIES } from "./processes.ts";
import { PROGRAMS_TOOLS } from "./programs.ts";
import { REACH_TOOLS } from "./reach.ts";
import { redisTools } from "./redis.ts";
import type { RedisToolsOptions } from "./redis_target.ts";
import { SERVICES_TOOLS } from "./services.ts";
import { SYSCTL_TOOLS } from "./sysctl.ts";
import type { ToolDefinition } from "./tool.ts";

/** Options of {@linkcode allTools}. */
export interface AllToolsOptions {
  /**
   * The programs that may be run, by their absolute paths.
   * @default []
   */
  allowRun?: readonly string[];
  /**
   * The Redis servers that the configuration names.
   * @default {}
   */
  redis?: RedisToolsOptions;
  /**
   * The container engine.
   * @default {}
   */
  docker?: DockerToolsOptions;
}

/** The tools that this host can offer: of those that run a program, the ones whose program may be run. */
export function allTools({ allowRun = [], redis = {}, docker = {} }: AllToolsOptions = {}): ToolDefinition[] {
  const allowed = new Set(allowRun.flatMap((path) => [path, path.slice(path.lastIndexOf("/") + 1)]));
  return [
    ...HOST_TOOLS,
    ...FILES_TOOLS,
    ...REACH_TOOLS,
    ...PROGRAMS_TOOLS,
    ...SERVICES_TOOLS,
    ...redisTools(redis),
    ...dockerTools(docker),
  ].filter(
    ({ needs }) => {
      const programs = needs.flatMap((need) => "run" in need ? [need.run] : []);
      return programs.length === 0 || programs.some((program) => allowed.has(program));
    },
  );
}

/** Those that need nothing but the host's facts, in no order: the registry sorts them. */
const HOST_TOOLS: readonly ToolDefinition[] = [
  CGROUP_USAGE,
  ...CPU_TOOLS,
  DISK_OVERVIEW,
  MOUNT_INFO,
  ...DISK_IO_TOOLS,
  ...HARDWARE_TOOLS,
  ...KERNEL_TOOLS,
  ...KERNEL_LOG_TOOLS,
  ...MEMORY_TOOLS,
  ...NETWORK_TOOLS,
  ...PROCESS_DETAIL_TOOLS,
  FILEFD_TOP_PROCS,
  FILEFD_USAGE,
  IO_TOP,
  PROCESS_LIST,
  PROCESS_SEARCH,
  ZOMBIES,
  ...SYSCTL_TOOLS,
];
