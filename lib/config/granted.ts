/** What the sandbox grants, against what is needed. */
import { dotted } from "./problem.ts";
import { type Grant, GRANT_KINDS, type GrantKind, permissionFlags } from "./permissions.ts";

/** What {@linkcode compareGrants} finds. */
export interface GrantComparison {
  /** One line each: what is missing, what asks for it, and the flag that would grant it. */
  readonly missing: readonly string[];
  /** One line each: what is granted although nothing needs it. */
  readonly excess: readonly string[];
}

/** Asks the runtime about a permission. */
export type QueryPermission = (descriptor: Deno.PermissionDescriptor) => Deno.PermissionState;

/** Compares; changes nothing, and never prompts. */
export function compareGrants(
  needed: readonly Grant[],
  query: QueryPermission = (descriptor) => Deno.permissions.querySync(descriptor).state,
): GrantComparison {
  const missing = needed.filter((grant) => !isGranted(grant, query)).map((grant) => {
    const asks = grant.setting === undefined ? grant.why : `${dotted(grant.setting)} (${grant.why})`;
    const [flag] = permissionFlags([grant]);
    return `${asks} needs ${flag}, which this process was not given; add it, or render all with "pawl permissions"`;
  });
  return { missing, excess: [...broad(needed, query)] };
}

function isGranted(grant: Grant, query: QueryPermission): boolean {
  try {
    return query(descriptorOf(grant.kind, grant.value)) === "granted";
  } catch {
    return true; // this runtime cannot be asked about it: trying tells
  }
}

function* broad(needed: readonly Grant[], query: QueryPermission): Iterable<string> {
  for (const kind of GRANT_KINDS) {
    const its = needed.filter((grant) => grant.kind === kind);
    if (its.some(({ value }) => value === undefined)) continue;
    if (query({ name: kind }) !== "granted") continue;
    const wanted = its.length === 0 ? "none is needed" : `needed is ${permissionFlags(its).join(" ")}`;
    yield `--allow-${kind} grants ${EVERYTHING[kind]}; ${wanted}`;
  }
  if (query({ name: "ffi" }) === "granted") yield "--allow-ffi lets native code do anything; none is needed";
}

const EVERYTHING: Readonly<Record<GrantKind, string>> = {
  net: "every address",
  read: "every file to be read",
  write: "every file to be written",
  env: "every environment variable",
  sys: "every question about the system",
  run: "every program to be run",
};

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
