/** How a look over the network fails. */
import { FactUnavailableError } from "../host/host_facts.ts";
import { failureText } from "../host/probes/failure_text.ts";
import { GuardedAddressError } from "../host/probes/guarded_address.ts";

/**
 * Runs a look; a failure is told with what was looked at.
 *
 * @throws FactUnavailableError, GuardedAddressError as they are; the signal's reason when it aborts; Error else.
 */
export async function reaching<T>(what: string, signal: AbortSignal, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FactUnavailableError || error instanceof GuardedAddressError) throw error;
    throw new Error(`cannot ${what}: ${failureText(error)}`, { cause: error });
  }
}
