/** Tools that read the kernel's settings. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { maskValue } from "../host/mask_secrets.ts";
import { textIfAny } from "./kernel_reads.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolOutput } from "./tool.ts";

/** What is asked most when something is wrong. */
const USUAL_KEYS = [
  "fs.file-max",
  "fs.inotify.max_user_instances",
  "fs.inotify.max_user_watches",
  "fs.nr_open",
  "kernel.hung_task_timeout_secs",
  "kernel.numa_balancing",
  "kernel.panic",
  "kernel.pid_max",
  "kernel.threads-max",
  "kernel.osrelease",
  "net.core.netdev_max_backlog",
  "net.core.rmem_max",
  "net.core.somaxconn",
  "net.core.wmem_max",
  "net.ipv4.ip_forward",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_max_syn_backlog",
  "net.ipv4.tcp_max_tw_buckets",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_tw_reuse",
  "net.ipv4.tcp_wmem",
  "net.netfilter.nf_conntrack_max",
  "vm.dirty_background_ratio",
  "vm.dirty_ratio",
  "vm.max_map_count",
  "vm.min_free_kbytes",
  "vm.overcommit_memory",
  "vm.overcommit_ratio",
  "vm.swappiness",
  "vm.vfs_cache_pressure",
] as const;

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9_.:@/-]{0,255}$/;

/** More keys than these are not asked for at once. */
const MAX_KEYS = 200;

interface Setting {
  readonly key: string;
  readonly value: string;
}

interface SettingGroup {
  readonly key: string;
  readonly names: readonly string[];
}

/** One setting. */
export const SYSCTL_GET = defineTool({
  name: "sysctl_get",
  family: "kernel",
  description:
    "One setting of the kernel by its name (vm.swappiness), or the names below a part of one (net.core)",
  args: {
    key: about(
      z.string().check(z.regex(KEY, "must be a name such as vm.swappiness")),
      "The name, with dots or slashes.",
    ),
  },
  needs: [{ kernel: "/proc/sys" }],
  reach: "host",
  async run({ key }, { host }): Promise<ToolOutput<Setting | SettingGroup>> {
    const path = pathOf(key);
    // Asked for first: to the kernel a folder is a file that does not let itself be read.
    const names = await host.list(path).catch((): string[] => []);
    if (names.length > 0) {
      return { text: `${key} is a group of ${names.length}:\n${names.join("\n")}`, data: { key, names } };
    }
    const value = await valueOf(host, key, path);
    if (value === undefined) throw new Error(`cannot read ${key}: this kernel has no such setting`);
    return { text: `${key} = ${value}`, data: { key, value } };
  },
});

/** Many settings at once. */
export const SYSCTL_SNAPSHOT = defineTool({
  name: "sysctl_snapshot",
  family: "kernel",
  description: "The settings of the kernel that matter most in trouble, or those named, in one table",
  args: {
    keys: about(
      z._default(z.string().check(z.maxLength(8192)), ""),
      "Names, separated by commas or blanks; the usual ones without.",
    ),
  },
  needs: [{ kernel: "/proc/sys" }],
  reach: "host",
  async run({ keys }, { host }) {
    const named = keys.split(/[\s,]+/).filter((key) => key !== "");
    const wrong = named.find((key) => !KEY.test(key));
    if (wrong !== undefined) {
      throw new Error(`cannot read ${JSON.stringify(wrong)}: no name such as vm.swappiness`);
    }
    const asked: readonly string[] = named.length === 0 ? USUAL_KEYS : [...new Set(named)].slice(0, MAX_KEYS);
    const settings = await Promise.all(asked.map(async (key) => {
      try {
        const value = await valueOf(host, key, pathOf(key));
        return value === undefined ? { key, missing: "not in this kernel" } : { key, value };
      } catch (error) {
        // The rest may well be readable; where nothing is, the first says why.
        return { key, missing: error instanceof Error ? error.message : String(error), cause: error };
      }
    }));
    const refusal = settings.find((one) => "cause" in one && one.cause instanceof FactUnavailableError);
    if (refusal !== undefined && "cause" in refusal && settings.every((one) => "missing" in one)) {
      throw refusal.cause;
    }
    const shown = settings.map(({ key, value, missing }) =>
      value !== undefined ? { key, value } : { key, missing: missing ?? "" }
    );
    // Asked for by nobody, a setting that this kernel lacks is no news.
    const told = shown.filter((one) => named.length > 0 || "value" in one);
    const rows = told.map((one) => [one.key, "value" in one ? one.value ?? "" : `(${one.missing})`]);
    return { text: table(columns("setting", "value"), rows), data: { settings: told } };
  },
});

/** The family's part about settings. */
export const SYSCTL_TOOLS = [SYSCTL_GET, SYSCTL_SNAPSHOT];

/**
 * Where a setting stands. As everywhere, the first sign decides: in `net.ipv4.conf.eth0/1.mtu` dots part, and a slash
 * is a dot of the name.
 */
function pathOf(key: string): string {
  const sign = /[./]/.exec(key)?.[0];
  const path = sign === "/" ? key : key.replace(/[./]/g, (char) => char === "." ? "/" : ".");
  const parts = path.split("/").filter((part) => part !== "");
  if (parts.some((part) => part === "." || part === "..")) {
    throw new Error(`cannot read ${key}: no name such as vm.swappiness`);
  }
  return `/proc/sys/${parts.join("/")}`;
}

/** One line, whatever the kernel wrote. */
async function valueOf(host: HostFacts, key: string, path: string): Promise<string | undefined> {
  const text = await textIfAny(host, path);
  return text === undefined
    ? undefined
    : maskValue(key.replaceAll("/", "."), text.trim().replaceAll(/\s+/g, " "));
}
