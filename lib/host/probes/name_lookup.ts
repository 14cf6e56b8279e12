/** Names to addresses, the way programs on this host do. */
import { lookup } from "node:dns/promises";
import { FactUnavailableError } from "../host_facts.ts";
import { GuardedAddressError, isGuardedAddress } from "./guarded_address.ts";
import { isAddress } from "./endpoint.ts";
import { unlessAborted } from "./probe_deadline.ts";

/** One address of a name. */
export interface NameAddress {
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
}

/**
 * What the system answers: its hosts file, its resolvers, its order. A lookup under way cannot be ended; on abort
 * its answer is not waited for.
 *
 * @throws FactUnavailableError where the sandbox does not let the name be looked up.
 * @throws Error with the `code` `ENOTFOUND` for an unknown name, `EAI_AGAIN` without an answer.
 */
export async function lookupName(host: string, signal: AbortSignal): Promise<NameAddress[]> {
  if (isAddress(host)) return [{ address: host, family: host.includes(":") ? "IPv6" : "IPv4" }];
  try {
    const found = await unlessAborted(lookup(host, { all: true }), signal);
    return found.map(({ address, family }) => ({ address, family: family === 6 ? "IPv6" : "IPv4" }));
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== "EPERM" && !(error instanceof Error && error.name === "NotCapable")) throw error;
    throw new FactUnavailableError(
      `cannot look up ${host}: the sandbox does not allow it; grant --allow-net=${host}`,
      { cause: error },
    );
  }
}

/**
 * Refuses a host that is, or resolves to, a guarded address. Where names may not be looked up it lets pass: the peer
 * is looked at again once connected.
 *
 * @throws GuardedAddressError
 */
export async function refuseGuarded(host: string, signal: AbortSignal): Promise<void> {
  const found = await lookupName(host, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof Error) return []; // connecting will tell in better words
    throw error;
  });
  const guarded = found.find(({ address }) => isGuardedAddress(address));
  if (guarded !== undefined) throw new GuardedAddressError(host, guarded.address);
}
