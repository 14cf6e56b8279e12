/** One look at the host's name and address. */
import { FactUnavailableError } from "../host/host_facts.ts";
import type { Finding } from "./check.ts";
import type { CheckMemory, CheckSeams } from "./definition.ts";
import { type HostidentSettings, TARGET } from "./hostident.ts";
import { rateState } from "./rating.ts";

/** Compares with what is remembered, and remembers what is now. */
export function look({ hostname, ip, severity }: HostidentSettings, { host, memory }: CheckSeams): Finding[] {
  const asked = [
    ...(hostname ? [{ name: "hostname", what: "the host's name", read: () => host.hostname() }] : []),
    ...(ip ? [{ name: "ip", what: "the host's address", read: () => host.ip() }] : []),
  ];
  let refusal: FactUnavailableError | undefined;
  const findings = asked.flatMap(({ name, what, read }): Finding[] => {
    try {
      return [compared(name, what, read(), memory, severity)];
    } catch (error) {
      if (!(error instanceof FactUnavailableError)) throw error;
      refusal ??= error;
      return [];
    }
  });
  if (findings.length === 0 && refusal !== undefined) throw refusal;
  return findings;
}

function compared(
  name: string,
  what: string,
  now: string,
  memory: CheckMemory,
  severity: "Info" | "Warning" | "Critical",
): Finding {
  const known = memory.read(name);
  if (known !== now) memory.write(name, now);
  const ok = known === undefined || known === now;
  return {
    ...rateState({
      check: `hostident::${name}_changed`,
      target: TARGET,
      ok,
      severity,
      description: ok ? `${what} is ${now}` : `${what} is ${now}, it was ${known}`,
      current: now,
      expected: `as before${known === undefined ? "" : `: ${known}`}`,
    }),
    momentary: true,
  };
}
