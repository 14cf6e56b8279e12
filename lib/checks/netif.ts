/** Whether the network interfaces are up, and lose or damage packets. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { nonEmpty, table } from "../config/fields.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

/** No interface has a longer name: what is longer fits none. */
const pattern = () => nonEmpty().check(z.maxLength(64));

const options = () => ({
  ...thresholdOptions({ warn: 10, critical: 100, unit: "packets with errors per minute" }),
  drops: table(
    thresholdOptions({ warn: 100, critical: 1000, unit: "packets dropped per minute" }),
    "Thresholds of dropped packets.",
  ),
  interfaces: about(
    z._default(z.array(pattern()).check(z.minLength(1)), ["*"]),
    'The interfaces whose packets are counted: names, or patterns such as "en*".',
  ),
  ignore: about(
    z._default(z.array(pattern()), ["lo", "veth*", "cali*", "lxc*"]),
    "Of those, the ones that are left out.",
  ),
  link_up: about(
    z._default(
      z.array(
        nonEmpty().check(
          z.maxLength(15),
          z.regex(/^[^/\s*?]+$/, "must be the name of an interface"),
          z.refine((name) => name !== "." && name !== "..", "must be the name of an interface"),
        ),
      ),
      [],
    ),
    "The names of the interfaces that have to be up.",
  ),
});

/** The options of `[[check.netif]]`, read. */
export type NetifSettings = SettingsOf<typeof options>;

/** The check of the network interfaces. */
export const NETIF_CHECK = defineCheck({
  plugin: "netif",
  summary: "Network interfaces: packets damaged or dropped, and whether the link is up",
  dimensions: [
    {
      dimension: "errors",
      target: "the interface",
      figure: "packets received or sent with errors in the last minute",
      source: "`/proc/net/dev`",
      defaults: "warning ≥ 10 per minute, critical ≥ 100 per minute",
    },
    {
      dimension: "drops",
      target: "the interface",
      figure: "packets dropped in the last minute",
      source: "`/proc/net/dev`",
      defaults: "warning ≥ 100 per minute, critical ≥ 1000 per minute",
    },
    {
      dimension: "link",
      target: "the interface",
      figure: "whether the interfaces that `link_up` names are there and up",
      source: "`/sys/class/net/*/operstate`",
      defaults: "critical when down; no interface is named",
    },
  ],
  options,
  pace: { for: "1m" },
  byDefault: true,
  targets: ({ interfaces, link_up }) => [...interfaces, ...link_up.map((name) => `link of ${name}`)],
  needs: ({ link_up }) => [
    { kernel: "/proc/net/dev" },
    ...(link_up.length > 0 ? [{ kernel: "/sys/class/net" }] : []),
  ],
  make: (settings, seams): Check[] => [
    lazyCheck({ plugin: "netif", target: "interfaces" }, async () => {
      const { TrafficLook } = await import("./netif_look.ts");
      return new TrafficLook(settings, seams);
    }),
    ...settings.link_up.map((name) =>
      lazyCheck({ plugin: "netif", target: `link of ${name}` }, async () => {
        const { linkLook } = await import("./netif_look.ts");
        return { gather: () => linkLook(name, seams.host) };
      })
    ),
  ],
});
