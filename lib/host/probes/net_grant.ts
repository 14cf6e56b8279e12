/**
 * Asking the sandbox before connecting. Older runtimes report a missing grant as a refused connection, and a datagram
 * socket that may not be bound ends the process: so a probe asks first.
 */
import { FactUnavailableError } from "../host_facts.ts";

/**
 * @param address `host:port`, `unix:/path`, or a bare host for looking its name up.
 * @throws FactUnavailableError naming the flag.
 */
export function requireNet(address: string): void {
  if (isNetGranted(address)) return;
  throw new FactUnavailableError(
    `cannot reach ${address}: the sandbox does not allow it; grant --allow-net=${address}`,
  );
}

/** As {@linkcode requireNet}, for a unix socket: its file has to be granted, too. */
export function requireUnixSocket(path: string): void {
  requireNet(`unix:${path}`);
  for (const name of ["read", "write"] as const) {
    if (Deno.permissions.querySync({ name, path }).state === "granted") continue;
    throw new FactUnavailableError(
      `cannot reach unix:${path}: the sandbox does not allow it; grant --allow-${name}=${path}`,
    );
  }
}

/** Whether the sandbox lets it be reached. */
export function isNetGranted(address: string): boolean {
  try {
    return Deno.permissions.querySync({ name: "net", host: address }).state === "granted";
  } catch {
    // This spelling is newer than the runtime: connecting will tell.
    return true;
  }
}

/** Makes of the sandbox's own refusal an error that names the flag; other errors stay as they are. */
export function unavailableIfDenied(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== "NotCapable") return error;
  const [, kind = "net", what = ""] = /Requires (\w+) access to "([^"]*)"/.exec(error.message) ?? [];
  const flag = `--allow-${kind}${what === "" ? "" : `=${what}`}`;
  return new FactUnavailableError(
    `cannot reach ${what || "it"}: the sandbox does not allow it; grant ${flag}`,
    { cause: error },
  );
}
