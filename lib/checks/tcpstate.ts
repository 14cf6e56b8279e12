/** Whether connections pile up that are over: CLOSE_WAIT is a program's mistake, TIME_WAIT uses up ports. */
import { table } from "../config/fields.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";
import { thresholdOptions } from "./rating.ts";

const options = () => ({
  ...thresholdOptions({ warn: 100, critical: 1000, unit: "connections in CLOSE_WAIT" }),
  time_wait: table(
    thresholdOptions({ warn: 5000, critical: 20_000, unit: "connections in TIME_WAIT" }),
    "Thresholds of connections in TIME_WAIT.",
  ),
});

/** The options of `[[check.tcpstate]]`, read. */
export type TcpStateSettings = SettingsOf<typeof options>;

/** All connections are one target. */
export const TARGET = "tcp";

/** The check of connections that are over. */
export const TCPSTATE_CHECK = defineCheck({
  plugin: "tcpstate",
  summary: "TCP connections that are over but not gone: CLOSE_WAIT (and who holds them), TIME_WAIT",
  dimensions: [
    {
      dimension: "close_wait",
      target: TARGET,
      figure: "connections that the other side ended and a program has not closed",
      source: "`/proc/net/tcp`, `/proc/net/tcp6`; the holders: `/proc/PID/fd`",
      defaults: "warning ≥ 100, critical ≥ 1000",
    },
    {
      dimension: "time_wait",
      target: TARGET,
      figure: "connections that this host ended, and that keep their port for a minute",
      source: "`/proc/net/tcp`, `/proc/net/tcp6`",
      defaults: "warning ≥ 5000, critical ≥ 20000",
    },
  ],
  options,
  pace: { for: "2m" },
  byDefault: true,
  targets: () => [TARGET],
  needs: () => [{ kernel: "/proc/net/tcp" }, { kernel: "/proc/net/tcp6" }],
  make: (settings, seams): Check[] => [
    lazyCheck({ plugin: "tcpstate", target: TARGET }, async () => {
      const { TcpStateLook } = await import("./tcpstate_look.ts");
      return new TcpStateLook(settings, seams);
    }),
  ],
});
