/** Whether this process can see, reach or run what somebody needs. */
import { FactUnavailableError, type HostFacts } from "./host_facts.ts";
import type { Need } from "./need.ts";

/** What came of looking. */
export interface NeedState {
  readonly need: Need;
  /** In words: `/proc/stat`, `memory`, `network 127.0.0.1:6379`. */
  readonly name: string;
  /** `absent`: it could be seen, but the host has no such thing. */
  readonly state: "seen" | "absent" | "missing";
  /** Why it is missing and what would unlock it. */
  readonly reason?: string;
}

/** A need in words. */
export function needName(need: Need): string {
  if ("fact" in need) return FACT_NAMES[need.fact];
  if ("fileSystem" in need) return `file system of ${need.fileSystem}`;
  if ("kernel" in need) return need.kernel;
  if ("net" in need) return `network ${need.net}`;
  if ("read" in need) return `reading ${need.read}`;
  if ("write" in need) return `writing ${need.write}`;
  return `running ${need.run}`;
}

const FACT_NAMES = {
  cpuTimes: "processor times",
  memory: "memory",
  loadAverages: "load averages",
  uptime: "uptime",
  hostname: "the host's name",
  interfaces: "network interfaces",
} as const;

/** Looks. Never throws. */
export async function probeNeed(need: Need, host: HostFacts): Promise<NeedState> {
  const name = needName(need);
  try {
    const permission = permissionOf(need);
    if (permission !== undefined) {
      const { state } = await Deno.permissions.query(permission);
      if (state === "granted") return { need, name, state: "seen" };
      return { need, name, state: "missing", reason: `not permitted; allow it with ${flagOf(need)}` };
    }
    await look(need, host);
    return { need, name, state: "seen" };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { need, name, state: "absent", reason: "this kernel does not have it" };
    }
    const reason = error instanceof Error ? error.message : String(error);
    const told = error instanceof FactUnavailableError ? reason : `cannot look at it: ${reason}`;
    return { need, name, state: "missing", reason: told };
  }
}

async function look(need: Need, host: HostFacts): Promise<void> {
  if ("fileSystem" in need) await host.fileSystem(need.fileSystem);
  else if ("kernel" in need) await lookAtKernel(need.kernel, host);
  else if ("fact" in need) {
    switch (need.fact) {
      case "cpuTimes":
        await host.cpuTimes();
        break;
      case "memory":
        await host.memory();
        break;
      case "loadAverages":
        await host.loadAverages();
        break;
      case "uptime":
        await host.uptimeSec();
        break;
      case "hostname":
        host.hostname();
        break;
      case "interfaces":
        await host.interfaces();
    }
  }
}

async function lookAtKernel(path: string, host: HostFacts): Promise<void> {
  try {
    await host.text(path, { maxBytes: 1 });
  } catch (error) {
    if (error instanceof FactUnavailableError || error instanceof Deno.errors.NotFound) throw error;
    await host.list(path); // it may be a folder
  }
}

function permissionOf(need: Need): Deno.PermissionDescriptor | undefined {
  if ("net" in need) return need.net.startsWith("unix:") ? { name: "net" } : { name: "net", host: need.net };
  if ("read" in need) return { name: "read", path: need.read };
  if ("write" in need) return { name: "write", path: need.write };
  if ("run" in need) return { name: "run", command: need.run };
  return undefined;
}

function flagOf(need: Need): string {
  if ("net" in need) return `--allow-net=${need.net}`;
  if ("read" in need) return `--allow-read=${need.read}`;
  if ("write" in need) return `--allow-write=${need.write}`;
  return "run" in need ? `--allow-run=${need.run}` : "";
}
