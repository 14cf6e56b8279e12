/** Whether the host goes by another name or address than before. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { severity } from "./rating.ts";

/** There is one host. */
export const TARGET = "host";

const enabled = (what: string) =>
  about(z._default(z.boolean(), true), `Whether a change of ${what} is told.`);

const options = () => ({
  hostname: enabled("the host's name"),
  ip: enabled("the host's first address"),
  severity: about(z._default(severity(), "Warning"), "How bad a change is."),
});

/** The options of `[[check.hostident]]`, read. */
export type HostidentSettings = SettingsOf<typeof options>;

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
  options,
  pace: { interval: "1m" },
  byDefault: true,
  targets: () => [TARGET],
  needs: ({ hostname, ip }) => [
    ...(hostname ? [{ fact: "hostname" } as const] : []),
    ...(ip ? [{ fact: "interfaces" } as const] : []),
  ],
  make: (settings, seams): Check[] => [
    lazyCheck({ plugin: "hostident", target: TARGET }, async () => {
      const { look } = await import("./hostident_look.ts");
      // deno-lint-ignore require-await -- what is refused is to reject, not to throw
      return { gather: async () => look(settings, seams) };
    }),
  ],
});
