/** The place of a unix socket: made free before the server binds it. */
import { ConfigError } from "../config/config_error.ts";

/**
 * Makes sure that a server can bind `path`: a socket that nobody answers on is removed.
 *
 * @throws ConfigError if somebody does, or if something else than a socket is there.
 */
export async function clearSocketPath(path: string): Promise<void> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return; // the folder may be missing too: binding tells
    throw unusable(path, error);
  }
  if (!found.isSocket) {
    throw new ConfigError(
      `cannot listen on ${path}: something that is no socket is in the way; move it, or set local.listen`,
    );
  }
  if (await isAnswered(path)) {
    throw new ConfigError(
      `cannot listen on ${path}: another process is listening there; stop it, or set local.listen`,
    );
  }
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw unusable(path, error);
  }
}

async function isAnswered(path: string): Promise<boolean> {
  try {
    using _connection = await Deno.connect({ transport: "unix", path });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.NotFound) return false;
    throw unusable(path, error);
  }
}

/** Why an address could not be bound, as the operator should read it. */
export function unusable(address: string, error: unknown): ConfigError {
  return new ConfigError(`cannot listen on ${address}: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "it is in use; stop the other process, or set local.listen";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) return "it is no address of this host; set local.listen";
  if (error instanceof Deno.errors.NotFound) return "its folder does not exist; make it, or set local.listen";
  if (error instanceof Deno.errors.PermissionDenied) {
    return "permission denied; check the folder's owner and mode, or set local.listen";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "the sandbox does not grant it; a unix socket needs net access as unix:<path>, and read and write access";
  }
  const message = error instanceof Error ? error.message : String(error);
  return `${message.split("\n", 1)[0] || "unknown reason"}; set local.listen`;
}
