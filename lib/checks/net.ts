/** Whether something answers at a port, and says what it should. */
import { lazyCheck } from "./lazy_check.ts";
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { duration, nonEmpty } from "../config/fields.ts";
import { type Endpoint, endpointNeeds, readEndpoint } from "../host/probes/endpoint.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { responseTimeOption } from "./duration_thresholds.ts";

const target = () =>
  nonEmpty().check(z.superRefine((text, context) => {
    const reading = readEndpoint(text);
    if ("problem" in reading) context.addIssue({ code: "custom", message: reading.problem });
  }));

const options = () => ({
  targets: about(
    z.array(target()).check(z.minLength(1), z.maxLength(100)),
    "What is connected to: `tcp://host:port`, `udp://host:port`, `unix:///path` or `host:port`.",
  ),
  send: about(
    z.optional(z.string().check(z.maxLength(4096))),
    "What is sent once connected; datagrams need it.",
  ),
  expect: about(z.optional(nonEmpty().check(z.maxLength(1024))), "A text that the answer has to contain."),
  connect_timeout: about(z.prefault(duration("10ms", "60s"), "3s"), "How long connecting may take."),
  read_timeout: about(z.prefault(duration("10ms", "60s"), "3s"), "How long the answer may take after that."),
  severity: about(
    z._default(z.enum(["Warning", "Critical"]), "Critical"),
    "How bad it is when nothing, or the wrong thing, answers.",
  ),
  response_time: responseTimeOption("an answer"),
});

/** The options of `[[check.net]]`, read. */
export type NetSettings = SettingsOf<typeof options>;

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
