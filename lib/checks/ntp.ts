/** How far this host's clock is off. */
import { durationThresholds } from "./duration_thresholds.ts";
import { lazyCheck } from "./lazy_check.ts";
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { duration, nonEmpty, table } from "../config/fields.ts";
import { endpointNeeds, type HostEndpoint, readEndpoint } from "../host/probes/endpoint.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { thresholdOptions } from "./rating.ts";

const server = () =>
  nonEmpty().check(z.superRefine((text, context) => {
    const reading = readServer(text);
    if (typeof reading === "string") context.addIssue({ code: "custom", message: reading });
  }));

const options = () => ({
  servers: about(
    z.array(server()).check(z.minLength(1), z.maxLength(10)),
    "Time servers, as `host` or `host:port`; the middle of their answers counts.",
  ),
  answer_timeout: about(z.prefault(duration("100ms", "30s"), "3s"), "How long a server's answer may take."),
  min_answers: about(
    z._default(z.int().check(z.minimum(1), z.maximum(10)), 1),
    "How many servers have to answer soundly.",
  ),
  severity: about(
    z._default(z.enum(["Warning", "Critical"]), "Critical"),
    "How bad it is when too few servers answer.",
  ),
  ...durationThresholds({ warn: "100ms", critical: "500ms" }),
  stratum: table(
    thresholdOptions({ warn: 10, critical: 0, unit: "steps from a reference clock", max: 16 }),
    "When the best server is itself too far from a reference clock.",
  ),
});

/** The options of `[[check.ntp]]`, read. */
export type NtpSettings = SettingsOf<typeof options>;

/** There is one clock on a host. */
export const TARGET = "clock";

/** The host's clock, against time servers. */
export const NTP_CHECK = defineCheck({
  plugin: "ntp",
  summary: "how far the clock is off, by asking time servers",
  dimensions: [
    {
      dimension: "sync",
      target: TARGET,
      figure: "whether enough time servers answer soundly",
      source: "SNTP",
      defaults: "critical without any",
    },
    {
      dimension: "offset",
      target: TARGET,
      figure: "how far the clock is off: the middle of the servers' answers",
      source: "SNTP",
      defaults: "warning ≥ 100 ms, critical ≥ 500 ms",
    },
    {
      dimension: "stratum",
      target: TARGET,
      figure: "the best server's steps from a reference clock",
      source: "SNTP",
      defaults: "warning ≥ 10",
    },
  ],
  options,
  byDefault: false,
  targets: (settings) => {
    assertConsistent(settings);
    return [TARGET];
  },
  needs: ({ servers }) => servers.flatMap((text) => endpointNeeds(endpointOf(text))),
  make(settings, seams): Check[] {
    assertConsistent(settings);
    return [lazyCheck({ plugin: "ntp", target: TARGET }, async () => {
      const { look } = await import("./ntp_look.ts");
      return { gather: (signal) => look(settings, seams, signal) };
    })];
  },
});

function assertConsistent({ servers, min_answers }: NtpSettings): void {
  if (min_answers > servers.length) {
    throw new TypeError(
      `check.ntp wants ${min_answers} answers of ${servers.length} servers; name more servers`,
    );
  }
}

function readServer(text: string): HostEndpoint | string {
  const reading = readEndpoint(text, { transports: ["udp"], defaultPort: 123 });
  if ("problem" in reading) return reading.problem;
  return reading.endpoint.transport === "udp" ? reading.endpoint : "must be a host";
}

export function endpointOf(text: string): HostEndpoint {
  const reading = readServer(text);
  if (typeof reading === "string") throw new TypeError(`cannot use ${JSON.stringify(text)}: ${reading}`);
  return reading;
}
