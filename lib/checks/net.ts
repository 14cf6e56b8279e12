/** Whether something answers at a port, and says what it should. */
import { lazyCheck } from "./lazy_check.ts";
import * as z from "zod";
import { duration, nonEmpty } from "../config/fields.ts";
import { type Endpoint, endpointNeeds, readEndpoint } from "../host/probes/endpoint.ts";
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { responseTimeOption } from "./duration_thresholds.ts";

const target = () =>
  nonEmpty().superRefine((text, context) => {
    const reading = readEndpoint(text);
    if ("problem" in reading) context.addIssue({ code: "custom", message: reading.problem });
  });

const options = () => ({
  targets: z.array(target()).min(1).max(100)
    .describe("What is connected to: `tcp://host:port`, `udp://host:port`, `unix:///path` or `host:port`."),
  send: z.string().max(4096).optional()
    .describe("What is sent once connected; datagrams need it."),
  expect: nonEmpty().max(1024).optional()
    .describe("A text that the answer has to contain."),
  connect_timeout: duration("10ms", "60s").prefault("3s")
    .describe("How long connecting may take."),
  read_timeout: duration("10ms", "60s").prefault("3s")
    .describe("How long the answer may take after that."),
  severity: z.enum(["Warning", "Critical"]).default("Critical")
    .describe("How bad it is when nothing, or the wrong thing, answers."),
  response_time: responseTimeOption("an answer"),
});

/** The options of `[[check.net]]`, read. */
export type NetSettings = z.output<z.ZodObject<ReturnType<typeof options>, z.core.$strict>>;

/** Ports and sockets that have to answer. */
export const NET_CHECK = defineCheck({
  plugin: "net",
  summary: "whether something answers at a TCP or UDP port or a unix socket",
  dimensions: [
    {
      dimension: "connectivity",
      target: "as configured",
      figure: "whether it connects, and answers as expected",
      source: "a connection of its own",
      defaults: "critical",
    },
    {
      dimension: "response_time",
      target: "as configured",
      figure: "time until connected, or until the expected answer",
      source: "a connection of its own",
      defaults: "off",
    },
  ],
  options,
  byDefault: false,
  targets: (settings) => {
    assertConsistent(settings);
    return settings.targets;
  },
  needs: ({ targets }) => targets.flatMap((text) => endpointNeeds(endpointOf(text))),
  make(settings, seams): Check[] {
    assertConsistent(settings);
    return settings.targets.map((text) =>
      lazyCheck({ plugin: "net", target: text }, async () => {
        const { look } = await import("./net_look.ts");
        return { gather: (signal) => look(text, { settings, seams, signal }) };
      })
    );
  },
});

function assertConsistent({ targets, send }: NetSettings): void {
  const datagrams = targets.find((text) => endpointOf(text).transport === "udp");
  if (datagrams !== undefined && (send ?? "") === "") {
    throw new TypeError(
      `check.net has ${datagrams} but nothing to send there: without a datagram no answer comes; add send`,
    );
  }
}

export function endpointOf(text: string): Endpoint {
  const reading = readEndpoint(text);
  if ("problem" in reading) throw new TypeError(`cannot use ${JSON.stringify(text)}: ${reading.problem}`);
  return reading.endpoint;
}
