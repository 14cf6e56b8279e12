/** What an agent with a given configuration needs of the sandbox: that, and nothing else. */
import { join } from "node:path";
import { checkDefinition } from "../checks/registry.ts";
import type { Need } from "../host/need.ts";
import type { Config } from "./config.ts";

/** The kinds of permission that an agent can need. Native code (`ffi`) is none of them. */
export const GRANT_KINDS = ["net", "read", "write", "env", "sys", "run"] as const;

/** See {@linkcode GRANT_KINDS}. */
export type GrantKind = typeof GRANT_KINDS[number];

/** One permission, and what asks for it. */
export interface Grant {
  readonly kind: GrantKind;
  /** `host:port`, `unix:/path`, a path, a variable, a system call's name, a program; undefined: everything of the kind. */
  readonly value: string | undefined;
  /** The key that asks for it; undefined where every agent needs it. */
  readonly setting: readonly PropertyKey[] | undefined;
  /** What for, in a few words. */
  readonly why: string;
}

/** Options of {@linkcode grantsFor}. */
export interface GrantsOptions {
  /** The state folder, absolute. */
  stateDir: string;
}

/** What every agent calls. */
const SYSTEM_CALLS: Readonly<Record<string, string>> = {
  hostname: "to register by name",
  networkInterfaces: "to register by address",
  osUptime: "to notice that the machine slept",
  uid: "to see that the state folder is its own",
  cpus: "the heartbeat's processor usage",
  systemMemoryInfo: "the heartbeat's memory usage",
};

/** What checks and tools call besides. */
const SYSTEM_CALLS_OF_LOOKS: Readonly<Record<string, string>> = {
  loadavg: "the load averages",
  statfs: "how full file systems are",
};

/** Where the state folder is looked for, if nothing names one. */
const FOLDER_VARIABLES = ["HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"];

/**
 * Taken out of the environment at the start. The runtime's HTTP obeys them also where the sandbox hides them: whoever
 * can set them could lead connections elsewhere.
 */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

const WHY_PROXY_VARIABLES = "to take it out: the runtime's HTTP obeys it, seen or unseen";

/** The whole set, each permission once, in the order of {@linkcode GRANT_KINDS}. */
export function grantsFor(config: Config, { stateDir }: GrantsOptions): Grant[] {
  const grants = new Grants();
  const { server, local, notify, remote } = config;
  for (const url of server.urls) {
    const setting = url === server.url ? "address" : "addresses";
    grants.net(url, ["server", setting], "the control server");
  }
  if (server.proxy !== undefined) grants.net(server.proxy.url, ["server", "proxy"], "the way to the server");
  for (const destination of notify) {
    if (destination.type !== "console") {
      grants.net(destination.url, ["notify", destination.name, "url"], "a destination of alerts");
    }
  }
  addListener(grants, local.listen, stateDir);
  for (const { path, setting } of config.files) {
    grants.add(
      "read",
      path,
      setting?.length === 0 ? undefined : setting,
      setting?.length === 0 ? "the configuration itself" : "a file that the configuration is made of",
    );
  }
  for (const kind of ["read", "write"] as const) {
    grants.add(kind, stateDir, config.stateDir === undefined ? undefined : ["state_dir"], "the state folder");
  }
  for (const [name, why] of Object.entries(SYSTEM_CALLS)) grants.add("sys", name, undefined, why);
  if (config.stateDir === undefined) {
    for (const name of FOLDER_VARIABLES) grants.add("env", name, undefined, "to find the state folder");
  }
  for (const name of PROXY_VARIABLES) grants.add("env", name, undefined, WHY_PROXY_VARIABLES);
  for (const { name, setting } of config.variables) {
    grants.add("env", name, setting, "the configuration refers to it");
  }
  for (const [name, path] of Object.entries(config.host)) {
    if (path !== undefined) grants.add("read", path, ["host", name], "the kernel's files");
  }
  const instances = new Map<string, number>();
  for (const { plugin, settings } of config.checks) {
    const index = instances.get(plugin) ?? 0;
    instances.set(plugin, index + 1);
    for (const need of checkDefinition(plugin).needs(settings)) {
      grants.need(need, ["check", plugin, index], `the check ${plugin}`, config.host.procfs);
    }
  }
  if (remote.tools.length > 0) {
    for (const [name, why] of Object.entries(SYSTEM_CALLS_OF_LOOKS)) {
      grants.add("sys", name, ["remote", "tools"], why);
    }
  }
  if (remote.logRootsAreNamed) {
    for (const root of remote.logRoots) {
      grants.add("read", root, ["remote", "log_roots"], "tools that read files");
    }
  }
  for (const program of remote.allowRun) {
    grants.add("run", program, ["remote", "allow_run"], "tools that run it");
  }
  return grants.sorted();
}

function addListener(grants: Grants, listen: Config["local"]["listen"], stateDir: string): void {
  if (listen.kind === "none") return;
  if (listen.kind === "tcp") {
    const host = listen.hostname.includes(":") ? `[${listen.hostname}]` : listen.hostname;
    return grants.add("net", `${host}:${listen.port}`, ["local", "listen"], "the agent's own HTTP");
  }
  const isDefault = listen.kind === "default";
  const path = isDefault ? join(stateDir, "pawl.sock") : listen.path;
  const setting = isDefault ? undefined : ["local", "listen"];
  grants.add("net", `unix:${path}`, setting, "the agent's own HTTP");
  if (isDefault) return; // the state folder is its own already
  for (const kind of ["read", "write"] as const) grants.add(kind, path, setting, "the agent's own HTTP");
}

class Grants {
  readonly #grants = new Map<string, Grant>();

  add(
    kind: GrantKind,
    value: string | undefined,
    setting: readonly PropertyKey[] | undefined,
    why: string,
  ): void {
    const key = `${kind} ${value}`;
    if (!this.#grants.has(key)) this.#grants.set(key, { kind, value, setting, why });
  }

  net(url: URL, setting: readonly PropertyKey[], why: string): void {
    const port = url.port || (["https:", "wss:"].includes(url.protocol) ? "443" : "80");
    this.add("net", `${url.hostname}:${port}`, setting, why);
  }

  need(need: Need, setting: readonly PropertyKey[], why: string, procfs: string | undefined): void {
    if ("net" in need) this.add("net", need.net, setting, why);
    else if ("read" in need) this.add("read", need.read, setting, why);
    else if ("write" in need) this.add("write", need.write, setting, why);
    else if ("run" in need) this.add("run", need.run, setting, why);
    else if ("fileSystem" in need) {
      // Any file will do to ask for a file system, and a small one opens nothing else.
      this.add("read", need.fileSystem === "/" ? "/etc/hostname" : need.fileSystem, setting, why);
      this.add("sys", "statfs", setting, why);
    } else if ("fact" in need) {
      if (need.fact === "loadAverages") this.add("sys", "loadavg", setting, why);
    } else if ("kernel" in need && procfs === undefined && /^\/proc\/pressure(?=\/|$)/.test(need.kernel)) {
      this.add("read", "/proc/pressure", setting, why); // the one part of it that a sandboxed process may read
    }
  }

  sorted(): Grant[] {
    return [...this.#grants.values()].sort((a, b) =>
      GRANT_KINDS.indexOf(a.kind) - GRANT_KINDS.indexOf(b.kind)
    );
  }
}

/** What a general agent is given, for any configuration: the whole network, no program, its usual folders. */
export function generalGrants(stateDirs: readonly string[]): Grant[] {
  const grants = new Grants();
  const why = "a general agent";
  grants.add("net", undefined, undefined, why);
  const folders = [
    ...stateDirs,
    "/etc/pawl",
    "/run/credentials/pawl.service",
    "/host/proc",
    "/host/sys",
    "/proc/pressure",
    "/etc/hostname",
    "/var/log",
  ];
  for (const path of folders) grants.add("read", path, undefined, why);
  for (const path of stateDirs) grants.add("write", path, undefined, why);
  for (const name of Object.keys({ ...SYSTEM_CALLS, ...SYSTEM_CALLS_OF_LOOKS })) {
    grants.add("sys", name, undefined, why);
  }
  for (const name of FOLDER_VARIABLES) grants.add("env", name, undefined, "to find the state folder");
  for (const name of PROXY_VARIABLES) grants.add("env", name, undefined, WHY_PROXY_VARIABLES);
  return grants.sorted();
}

/** Options of {@linkcode permissionFlags}. */
export interface PermissionFlagsOptions {
  /**
   * The version of the runtime that will be given the flags.
   * @default this one
   */
  runtime?: string;
}

/** As flags of the runtime: `--allow-net=a:1,b:2`. */
export function permissionFlags(grants: readonly Grant[], options: PermissionFlagsOptions = {}): string[] {
  return Object.entries(byKind(grants, options)).map(([kind, values]) =>
    values === true ? `--allow-${kind}` : `--allow-${kind}=${values.map(flagText).join(",")}`
  );
}

/** As a permission set of `deno.json`. */
export function permissionSet(
  grants: readonly Grant[],
  options: PermissionFlagsOptions = {},
): Record<string, true | string[]> {
  return byKind(grants, options);
}

function byKind(
  grants: readonly Grant[],
  { runtime = Deno.version.deno }: PermissionFlagsOptions,
): Record<string, true | string[]> {
  const sets: Record<string, true | string[]> = {};
  for (const kind of GRANT_KINDS) {
    const its = grants.filter((grant) => grant.kind === kind && fits(grant, runtime));
    if (its.length === 0) continue;
    const values = its.flatMap(({ value }) => value ?? []);
    sets[kind] = values.length < its.length ? true : values;
  }
  return sets;
}

/** Before 2.9 a unix socket was a matter of files alone, and naming one among addresses was an error. */
function fits({ kind, value }: Grant, runtime: string): boolean {
  const [major = 0, minor = 0] = runtime.split(".").map(Number);
  return kind !== "net" || !value?.startsWith("unix:") || major > 2 || (major === 2 && minor >= 9);
}

/** A comma in a value is written twice. */
function flagText(value: string): string {
  return value.replaceAll(",", ",,");
}
