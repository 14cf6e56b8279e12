/** Whether the host goes by another name or address than before. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import type { Check, Finding } from "./check.ts";
import { type CheckMemory, defineCheck } from "./definition.ts";
import { rateState } from "./rating.ts";

const TARGET = "host";

const enabled = (what: string) =>
  about(z._default(z.boolean(), true), `Whether a change of ${what} is told.`);

/** A change happens once: what is found is momentary, and what the host is called then becomes the known name. */
export const HOSTIDENT_CHECK = defineCheck({
  plugin: "hostident",
  summary: "whether the host goes by another name or address than before",
  dimensions: [
    {
      dimension: "hostname_changed",
      target: TARGET,
      figure: "the host's name",
      source: "the system",
      defaults: "warning at a change",
    },
    {
      dimension: "ip_changed",
      target: TARGET,
      figure: "the host's first address",
      source: "the network interfaces",
      defaults: "warning at a change",
    },
  ],
  options: () => ({
    hostname: enabled("the host's name"),
    ip: enabled("the host's first address"),
    severity: about(z._default(z.enum(["Info", "Warning", "Critical"]), "Warning"), "How bad a change is."),
  }),
  pace: { interval: "1m" },
  byDefault: true,
  targets: () => [TARGET],
  needs: ({ hostname, ip }) => [
    ...(hostname ? [{ fact: "hostname" } as const] : []),
    ...(ip ? [{ fact: "interfaces" } as const] : []),
  ],
  make: ({ hostname, ip, severity }, { host, memory }): Check[] => [{
    plugin: "hostident",
    target: TARGET,
    // deno-lint-ignore require-await -- what is refused is to reject, not to throw
    async gather() {
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
    },
  }],
});

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
