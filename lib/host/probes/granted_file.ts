/** Files that the configuration names: passwords, certificates. */
import { FactUnavailableError } from "../host_facts.ts";

/**
 * Reads a file's text. Ask anew each time it is needed: secrets are exchanged under a running agent.
 * @throws FactUnavailableError where the sandbox or the file's mode does not allow it, Error where it is not there.
 */
export async function readGrantedFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied) {
      const what = error instanceof Deno.errors.NotCapable
        ? `the sandbox does not allow it; grant --allow-read=${path}`
        : "its mode does not allow it; let the agent's user read it";
      throw new FactUnavailableError(`cannot read ${path}: ${what}`, { cause: error });
    }
    throw new Error(`cannot read ${path}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
