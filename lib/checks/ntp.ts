/** How far this host's clock is off. */
import { durationThresholds } from "./duration_thresholds.ts";
import { lazyCheck } from "./lazy_check.ts";
import * as z from "zod";
import { duration, nonEmpty } from "../config/fields.ts";
import { endpointNeeds, type HostEndpoint, readEndpoint } from "../host/probes/endpoint.ts";
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { thresholdOptions } from "./rating.ts";

const server = () =>
  nonEmpty().superRefine((text, context) => {
    const reading = readServer(text);
    if (typeof reading === "string") context.addIssue({ code: "custom", message: reading });
  });

const options = () => ({
  servers: z.array(server()).min(1).max(10)
    .describe("Time servers, as `host` or `host:port`; the middle of their answers counts."),
  answer_timeout: duration("100ms", "30s").prefault("3s")
    .describe("How long a server's answer may take."),
  min_answers: z.int().min(1).max(10).default(1)
    .describe("How many servers have to answer soundly."),
  severity: z.enum(["Warning", "Critical"]).default("Critical")
    .describe("How bad it is when too few servers answer."),
  ...durationThresholds({ warn: "100ms", critical: "500ms" }),
  stratum: z.strictObject(
    thresholdOptions({ warn: 10, critical: 0, unit: "steps from a reference clock", max: 16 }),
  )
    .prefault({}).describe("When the best server is itself too far from a reference clock."),
});

/** The options of `[[check.ntp]]`, read. */
export type NtpSettings = z.output<z.ZodObject<ReturnType<typeof options>, z.core.$strict>>;

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
