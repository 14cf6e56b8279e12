/** Whether containers run, keep running, and have room. */
import { lazyCheck } from "./lazy_check.ts";
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, duration, nonEmpty, table } from "../config/fields.ts";
import { DOCKER_SOCKET } from "../host/probes/service_places.ts";
import { socketNeeds } from "../host/probes/service_address.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { thresholdOptions } from "./rating.ts";

function thresholds(what: string) {
  return table(
    thresholdOptions({ warn: 0, critical: 0, unit: "%", max: 1000 }),
    `Thresholds of a container's ${what}, in % of what it may use; off unless set.`,
  );
}

const options = () => ({
  socket: about(z._default(absolutePath(), DOCKER_SOCKET), "The engine's unix socket; Podman's will do."),
  containers: about(
    z._default(z.array(nonEmpty()).check(z.minLength(1), z.maxLength(1000)), ["*"]),
    "Names of containers, with `*` and `?`; one without them has to exist and to run.",
  ),
  ignore: about(
    z._default(z.array(nonEmpty()).check(z.maxLength(1000)), []),
    "Names of containers to leave out, with `*` and `?`.",
  ),
  max_containers: about(
    z._default(z.number().check(z.int(), z.minimum(1), z.maximum(1000)), 100),
    "The most containers to look at; named ones come first, then by name.",
  ),
  answer_timeout: about(
    z.prefault(duration("100ms", "60s"), "5s"),
    "How long the engine may take over one container.",
  ),
  restart: table({
    window: about(z.prefault(duration("1m", "24h"), "10m"), "The time in which restarts are counted."),
    ...thresholdOptions({ warn: 1, critical: 5, unit: "restarts in the window" }),
  }, "Thresholds of how often the engine restarted a container in a window."),
  cpu_usage: thresholds("processor usage"),
  memory_usage: thresholds("memory usage"),
});

/** The options of `[[check.docker]]`, read. */
export type DockerSettings = SettingsOf<typeof options>;

const target = "the container's name";

/** Containers of one engine. */
export const DOCKER_CHECK = defineCheck({
  plugin: "docker",
  summary: "whether containers run, are healthy, and have room",
  dimensions: [
    {
      dimension: "container_running",
      target,
      figure: "whether it runs",
      source: "Docker API, containers",
      defaults: "critical where not, unless it ended well and is not to be restarted",
    },
    {
      dimension: "restart_detected",
      target,
      figure: "restarts by the engine in 10 m",
      source: "Docker API, inspect",
      defaults: "warning ≥ 1, critical ≥ 5",
    },
    {
      dimension: "health_status",
      target,
      figure: "its own health check",
      source: "Docker API, inspect",
      defaults: "critical where unhealthy",
    },
    {
      dimension: "cpu_usage",
      target,
      figure: "processor usage",
      source: "Docker API, stats",
      defaults: "off",
    },
    {
      dimension: "memory_usage",
      target,
      figure: "memory in use of its limit, without what is merely cached",
      source: "Docker API, stats",
      defaults: "off",
    },
    {
      dimension: "answer",
      target,
      figure: "whether the engine tells of it",
      source: "Docker API",
      defaults: "warning where not",
    },
  ],
  options,
  pace: { timeout: "20s" },
  byDefault: false,
  targets: ({ socket }) => [socket],
  needs: ({ socket }) => socketNeeds(socket),
  make(settings, seams): Check[] {
    return [lazyCheck({ plugin: "docker", target: settings.socket }, async () => {
      const { DockerLook } = await import("./docker_look.ts");
      return new DockerLook(settings, seams);
    })];
  },
});
