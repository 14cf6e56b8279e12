/** How checks of the host itself are moved. */
import { durationText } from "./amounts.ts";
import { none, type OurSettings, perMinute, plain, type Rule, thresholds, worst } from "./rule.ts";
import type { SourceTable } from "./source_table.ts";

const cpu: Rule = (source) => {
  const load = source.table("load_average");
  const period = load?.text("period");
  if (period !== undefined && period !== "5m") load?.change("now the load of 5 minutes", "period");
  return [{ ...thresholds(source.table("cpu_usage")), load: thresholds(load) }];
};

const mem: Rule = (source) => {
  const usage = source.table("memory_usage");
  usage?.change("now counts what the kernel cannot make available; shared memory is in use");
  return [{ ...thresholds(usage), swap: thresholds(source.table("swap_usage")) }];
};

const disk: Rule = (source) => {
  const named = source.texts("mount_points");
  const patterns = named.filter((path) => /[*?[]/.test(path));
  if (patterns.length > 0) {
    source.change("patterns are not taken: those mount points are left out", "mount_points");
  }
  const points = named.filter((path) => !patterns.includes(path));
  const ignored = { points: source.texts("ignore_mount_points"), types: source.texts("ignore_fs_types") };
  const writable = source.table("writable");
  const severity = writable?.text("severity");
  return [{
    ...thresholds(source.table("space_usage")),
    inodes: thresholds(source.table("inode_usage")),
    ...(points.length > 0 ? { mount_points: points } : {
      ignore_mount_points: ignored.points,
      ignore_fs_types: ignored.types,
      network: !ignored.types.some((type) => /nfs|cifs/i.test(type)),
    }),
    ...(severity !== undefined && { writable: severity, write_probe: true }),
    timeout: source.duration("gather_timeout"),
  }];
};

const diskio: Rule = (source) => {
  const latency = source.table("io_latency");
  if (latency !== undefined && latency.take("enabled") !== true) return [];
  const isOwn = latency?.has("warn_ge") || latency?.has("critical_ge");
  const all = thresholds(latency);
  return [{
    devices: source.texts("devices"),
    ignore_devices: source.texts("ignore_devices"),
    ...(isOwn && { hdd: all, ssd: all, nvme: all, unknown: all }),
  }];
};

/** A table of ours has one severity: one table for each. */
const mount: Rule = (source) => {
  const fstab = source.table("fstab");
  const bySeverity = new Map<string, { mounts: OurSettings[]; fstab?: string }>();
  const of = (table: SourceTable) => {
    const severity = table.text("severity") ?? "Warning";
    const group = bySeverity.get(severity) ?? { mounts: [] };
    bySeverity.set(severity, group);
    return group;
  };
  for (const one of source.tables("mounts")) {
    const fstype = one.text("fstype");
    of(one).mounts.push({
      path: one.text("path"),
      ...(fstype !== undefined && { fstype }),
      options: one.texts("options"),
    });
  }
  if (fstab?.flag("enabled")) {
    of(fstab).fstab = "/etc/fstab";
    fstab.change("entries that are nofail need not be mounted");
  } else fstab?.text("severity");
  return [...bySeverity].map(([severity, group]) => ({ ...group, severity }));
};

const netif: Rule = (source, context) => {
  const links = source.tables("link_up");
  for (const link of links) {
    if ((link.text("severity") ?? "Critical") !== "Critical") link.change("now always Critical", "severity");
  }
  return [{
    ...perMinute(source.table("errors"), context),
    drops: perMinute(source.table("drops"), context),
    interfaces: source.has("include") && source.texts("include").length > 0
      ? source.texts("include")
      : undefined,
    ignore: source.has("exclude") ? source.texts("exclude") : [],
    link_up: links.map((link) => link.text("interface")).filter((name) => name !== undefined),
  }];
};

const tcpstate: Rule = (source) => [{
  ...thresholds(source.table("close_wait")),
  time_wait: thresholds(source.table("time_wait")),
}];

const procfd: Rule = (source) => {
  for (const key of ["search_exec_name", "search_cmdline", "search_user", "search_pid_file"]) {
    if (source.text(key) !== undefined) {
      source.change("now every process is looked at, the worst counts", key);
    }
  }
  return [thresholds(source.table("fd_usage"))];
};

const procnum: Rule = (source) => {
  const name = source.text("search_exec_name");
  const cmdline = source.text("search_cmdline");
  const pidfile = source.text("search_pid_file");
  if (source.has("search_user")) source.drop("search_user", "processes of every user are counted");
  if (name !== undefined && cmdline !== undefined) {
    source.change("the command line alone counts, not the name besides", "search_cmdline");
  }
  const match = pidfile !== undefined
    ? { pidfile }
    : cmdline !== undefined
    ? { cmdline: `*${cmdline}*` }
    : { name };
  const count = source.table("process_count");
  return [{
    match,
    warn_lt: count?.number("warn_lt"),
    critical_lt: count?.number("critical_lt") ?? 0,
    warn_gt: count?.number("warn_gt"),
    critical_gt: count?.number("critical_gt"),
  }];
};

/** "Above n" is "n + 1 and more". */
const zombie: Rule = (source) => {
  const atLeast = (key: string) => {
    const above = source.number(key);
    return above === undefined ? 0 : above + 1;
  };
  return [{ warn_ge: atLeast("warn_gt"), critical_ge: atLeast("critical_gt") }];
};

const sysctl: Rule = (source) => {
  const check = source.table("param_check");
  const params = (check?.tables("params") ?? []).map((param) => ({
    key: param.text("key"),
    op: param.text("op") ?? "eq",
    value: param.text("value") ?? param.number("value"),
    severity: param.text("severity") ?? "Warning",
  }));
  return params.length === 0 ? [] : [{ params }];
};

const uptime: Rule = (source) => {
  const reboot = source.table("reboot_detected");
  const critical = reboot?.durationMs("critical_lt");
  const warning = reboot?.durationMs("warn_lt");
  if (critical && warning) reboot?.change("one threshold is taken: the Critical one", "warn_lt");
  const within = critical || warning;
  return within ? [{ within: durationText(within), severity: critical ? "Critical" : "Warning" }] : [];
};

const hostident: Rule = (source) => {
  const parts = [source.table("hostname_changed"), source.table("ip_changed")];
  const [hostname = false, ip = false] = parts.map((part) => part?.take("enabled") === true);
  const severities = parts.map((part) => part?.text("severity"));
  return hostname || ip ? [{ hostname, ip, severity: worst(severities) }] : [];
};

/** By the name of the plugin. */
export const HOST_RULES: Readonly<Record<string, Rule>> = {
  cpu,
  mem,
  disk,
  diskio,
  mount,
  netif,
  tcpstate,
  procfd,
  procnum,
  zombie,
  sysctl,
  uptime,
  hostident,
  sockstat: (source, context) => [perMinute(source.table("listen_overflow"), context)],
  conntrack: plain("conntrack_usage"),
  neigh: plain("neigh_usage"),
  filefd: plain("filefd_usage"),
  secmod: none("there is no check of SELinux and AppArmor; let an exec check look"),
};
