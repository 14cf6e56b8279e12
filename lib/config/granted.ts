/** What the sandbox grants, against what is needed. */
import { dirname } from "node:path";
import { type Grant, GRANT_KINDS, type GrantKind, permissionFlags } from "./permissions.ts";
import { dotted } from "./toml.ts";

/** What {@linkcode compareGrants} finds. */
export interface GrantComparison {
  /** One line each: what is missing, what asks for it, and the flag that would grant it. */
  readonly missing: readonly string[];
  /** One line each: what is granted although nothing needs it. */
  readonly excess: readonly string[];
}

/** Asks the runtime about a permission. */
export type QueryPermission = (descriptor: Deno.PermissionDescriptor) => Deno.PermissionState;

/**
 * Compares; changes nothing, and never prompts. The runtime cannot be asked for a list of what it grants: excess is
 * found by asking for what is far too much (all of a kind, whole branches of the file system, every port of a host).
 */
export function compareGrants(
  needed: readonly Grant[],
  query: QueryPermission = (descriptor) => Deno.permissions.querySync(descriptor).state,
): GrantComparison {
  const missing = needed.flatMap((grant) => {
    const state = stateOf(grant.kind, grant.value, query);
    return state === "granted" || state === undefined ? [] : [missingLine(grant, state)];
  });
  return { missing, excess: [...excessOf(needed, query)] };
}

function missingLine(grant: Grant, state: Deno.PermissionState): string {
  const asks = grant.setting === undefined ? grant.why : `${dotted(grant.setting)} (${grant.why})`;
  const flag = permissionFlags([grant])[0] ?? `--allow-${grant.kind}`;
  const remedy = state === "denied"
    ? `it is denied: take the --deny-${grant.kind} out that stands against it`
    : 'add it, or render all with "pawl permissions"';
  return `${asks} needs ${flag}, which this process was not given; ${remedy}`;
}

/** Undefined where this runtime cannot be asked about it: trying tells. */
function stateOf(
  kind: GrantKind,
  value: string | undefined,
  query: QueryPermission,
): Deno.PermissionState | undefined {
  try {
    return query(descriptorOf(kind, value));
  } catch {
    return undefined;
  }
}

const EVERYTHING: Readonly<Record<GrantKind, string>> = {
  net: "every address",
  read: "every file to be read",
  write: "every file to be written",
  env: "every environment variable",
  sys: "every question about the system",
  run: "every program to be run",
};

function* excessOf(needed: readonly Grant[], query: QueryPermission): Iterable<string> {
  for (const kind of GRANT_KINDS) {
    const its = needed.filter((grant) => grant.kind === kind);
    if (its.some(({ value }) => value === undefined)) continue; // all of it is needed
    const has = (value?: string) => stateOf(kind, value, query) === "granted";
    const wanted = its.length === 0 ? "none is needed" : `needed is ${permissionFlags(its).join(" ")}`;
    if (has()) {
      yield `--allow-${kind} grants ${EVERYTHING[kind]}; ${wanted}`;
      continue;
    }
    const values = its.flatMap(({ value }) => value ?? []);
    const broad = broadValues(kind, values).filter(has);
    if (broad.length > 0) {
      yield `--allow-${kind}=${outermost(broad).join(",")} is more than is needed; ${wanted}`;
    }
  }
  if (query({ name: "ffi" }) === "granted") yield "--allow-ffi lets native code do anything; none is needed";
}

/** Branches of the file system that no agent needs whole. */
const BRANCHES = [
  "/",
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/home",
  "/opt",
  "/root",
  "/run",
  "/srv",
  "/tmp",
  "/usr",
  "/var",
];

/** What can be asked of the system besides what agents ask. */
const FOREIGN_SYSTEM_CALLS = [
  "osRelease",
  "gid",
  "username",
  "userInfo",
  "homedir",
  "setPriority",
  "getPriority",
];

/** By which anything could be run. */
const SHELLS = ["/bin/sh", "/usr/bin/sh", "/bin/bash", "/usr/bin/bash", "/usr/bin/env", "/usr/bin/python3"];

/** Steers what programs load. */
const FOREIGN_VARIABLES = ["PATH", "LD_PRELOAD", "AWS_SECRET_ACCESS_KEY"];

/** What is asked for to see whether more is granted than `needed`: far more than any of these. */
function broadValues(kind: GrantKind, needed: readonly string[]): readonly string[] {
  const others = (values: readonly string[]) => values.filter((value) => !needed.includes(value));
  switch (kind) {
    case "net":
      return [...new Set(others(needed.flatMap(hostOf)))];
    case "read":
    case "write": {
      const above = needed.flatMap((path) => ancestors(path));
      const within = (path: string) => needed.some((one) => path === one || path.startsWith(`${one}/`));
      return [...new Set([...BRANCHES, ...above])].filter((path) => !within(path));
    }
    case "env":
      return others(FOREIGN_VARIABLES);
    case "sys":
      return others(FOREIGN_SYSTEM_CALLS);
    case "run":
      return others(SHELLS);
  }
}

/** The host of `host:port`: alone it stands for all of its ports. */
function hostOf(value: string): string[] {
  const [, host] = /^(\[[^\]]+\]|[^:/]+):\d+$/.exec(value) ?? [];
  return host === undefined ? [] : [host];
}

/** All folders around `path` but its own: a folder next to what is needed may well be what is meant. */
function ancestors(path: string): string[] {
  const folder = dirname(dirname(path));
  return folder === dirname(folder) ? [] : [folder, ...ancestors(folder)];
}

/** Of folders inside each other the outer ones. */
function outermost(values: readonly string[]): string[] {
  return values.filter((value) =>
    !values.some((other) => other !== value && value.startsWith(other === "/" ? "/" : `${other}/`))
  );
}

function descriptorOf(kind: GrantKind, value: string | undefined): Deno.PermissionDescriptor {
  if (value === undefined) return { name: kind };
  switch (kind) {
    case "net":
      return { name: "net", host: value };
    case "read":
    case "write":
      return { name: kind, path: value };
    case "env":
      return { name: "env", variable: value };
    case "sys":
      return { name: "sys", kind: value as NonNullable<Deno.SysPermissionDescriptor["kind"]> };
    case "run":
      return { name: "run", command: value };
  }
}
