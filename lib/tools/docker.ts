/** Tools about containers. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { bytesText, percentText } from "../host/figure_text.ts";
import { maskArguments, maskSecrets, maskValue } from "../host/mask_secrets.ts";
import { DockerClient, isContainerName } from "../host/probes/docker.ts";
import { DOCKER_SOCKET } from "../host/probes/service_places.ts";
import type { DockerInspection, DockerStats } from "../host/probes/docker_answers.ts";
import { socketNeeds } from "../host/probes/service_address.ts";
import { flag } from "./arguments.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolDefinition } from "./tool.ts";

/** Options of {@linkcode dockerTools}. */
export interface DockerToolsOptions {
  /** The engine's socket: the caller of a tool has no say in it. @default "/var/run/docker.sock" */
  socket?: string;
}

const MAX_LISTED = 500;

/** The family `docker` of one engine. */
export function dockerTools({ socket = DOCKER_SOCKET }: DockerToolsOptions = {}): readonly ToolDefinition[] {
  return [dockerPs(socket), dockerInspect(socket)];
}

function dockerPs(socket: string) {
  return defineTool({
    name: "docker_ps",
    family: "docker",
    description: "Containers with their state, image and ports; those that do not run come first",
    args: { all: about(flag(true), "Whether to list those that do not run, too.") },
    needs: socketNeeds(socket),
    reach: "service",
    async run({ all }, { clock, signal }) {
      const containers = (await new DockerClient({ clock, socket }).containers(signal))
        .filter(({ state }) => all || state === "running")
        .toSorted((a, b) =>
          Number(a.state === "running") - Number(b.state === "running") || (a.name < b.name ? -1 : 1)
        );
      const listed = containers.slice(0, MAX_LISTED);
      const running = containers.filter(({ state }) => state === "running").length;
      const more = containers.length - listed.length;
      const text = [
        `${containers.length} containers, ${running} running`,
        table(
          columns("name", "state", "status", "image", "ports", "id"),
          listed.map(({ name, state, status, image, ports, id }) => [
            name,
            state,
            status,
            image,
            ports.join(" "),
            id.slice(0, 12),
          ]),
        ),
        ...(more > 0 ? [`${more} more`] : []),
      ].join("\n");
      const data = {
        total: containers.length,
        running,
        containers: listed.map(({ createdSec, ...container }) => ({
          ...container,
          ...(createdSec !== undefined && { created_sec: createdSec }),
        })),
      };
      return { text, data };
    },
  });
}

function dockerInspect(socket: string) {
  return defineTool({
    name: "docker_inspect",
    family: "docker",
    description:
      "One container: state, why it ended, restarts, health, limits and use, mounts, masked environment",
    args: {
      name: about(
        z.string().check(z.refine(isContainerName, "must be a container's name or id")),
        "The container's name or id.",
      ),
    },
    needs: socketNeeds(socket),
    reach: "service",
    async run({ name }, { clock, signal }) {
      const client = new DockerClient({ clock, socket });
      const inspection = await client.inspect(name, signal);
      let stats: DockerStats = {};
      let note: string | undefined;
      if (inspection.state === "running") {
        try {
          stats = await client.stats(inspection.id, signal);
        } catch (error) {
          signal.throwIfAborted();
          note = `its use is not known: ${error instanceof Error ? error.message : error}`;
        }
      }
      const data = described(inspection, stats);
      return { text: [...lines(data), ...(note === undefined ? [] : [note])].join("\n"), data };
    },
  });
}

/** What is shown: nothing leaves unmasked. */
function described(inspection: DockerInspection, stats: DockerStats) {
  const { startedAtMs, finishedAtMs, memoryLimitBytes, cpuLimit, healthOutput, failingStreak } = inspection;
  return {
    name: inspection.name,
    id: inspection.id,
    image: inspection.image,
    state: inspection.state,
    exit_code: inspection.exitCode ?? null,
    oom_killed: inspection.oomKilled,
    error: maskSecrets(cleanLine(inspection.error, 500)),
    pid: inspection.pid ?? null,
    started_at: timeText(startedAtMs),
    finished_at: timeText(finishedAtMs),
    restart_count: inspection.restartCount,
    restart_policy: inspection.restartPolicy,
    health: inspection.health ?? null,
    health_failing_streak: failingStreak ?? null,
    health_output: healthOutput === undefined ? null : maskSecrets(cleanLine(healthOutput, 500)),
    memory_used_bytes: stats.memoryUsedBytes ?? null,
    memory_limit_bytes: stats.memoryLimitBytes ?? memoryLimitBytes ?? null,
    cpu_limit: cpuLimit ?? null,
    pids: stats.pids ?? null,
    command: maskArguments(inspection.command),
    user: inspection.user,
    privileged: inspection.privileged,
    log_driver: inspection.logDriver,
    networks: inspection.networks,
    mounts: inspection.mounts,
    environment: inspection.env.map(maskVariable),
    labels: Object.fromEntries(
      Object.entries(inspection.labels).map(([key, value]) => [key, maskValue(key, value)]),
    ),
  };
}

function lines(data: ReturnType<typeof described>): string[] {
  const { memory_used_bytes: used, memory_limit_bytes: limit } = data;
  const ended = data.state === "running" ? "" : `, exit code ${data.exit_code ?? "unknown"}`;
  const memory = used === null
    ? undefined
    : limit === null
    ? bytesText(used)
    : `${bytesText(used)} of ${bytesText(limit)} (${percentText(100 * used / limit)})`;
  return [
    `container ${data.name} (${data.id.slice(0, 12)}): ${data.state}${ended}`,
    `image     ${data.image}`,
    `command   ${data.command}`,
    ...(data.oom_killed ? ["killed for want of memory"] : []),
    ...(data.error === "" ? [] : [`error     ${data.error}`]),
    `started   ${data.started_at ?? "never"}`,
    ...(data.state === "running" || data.finished_at === null ? [] : [`ended     ${data.finished_at}`]),
    `restarts  ${data.restart_count}, policy ${data.restart_policy}`,
    ...(data.health === null
      ? []
      : [`health    ${data.health}, ${data.health_failing_streak ?? 0} failures in a row`]),
    ...(data.health_output === null ? [] : [`          ${data.health_output}`]),
    ...(memory === undefined ? [] : [`memory    ${memory}`]),
    ...(data.cpu_limit === null ? [] : [`cpu limit ${data.cpu_limit} processors`]),
    ...(data.pid === null ? [] : [`pid       ${data.pid}, ${data.pids ?? "?"} tasks`]),
    `user      ${data.user || "root"}${data.privileged ? ", privileged" : ""}`,
    ...data.networks.map(({ name, address }) => `network   ${name} ${address || "no address"}`),
    ...data.mounts.map(({ source, destination, writable }) =>
      `mount     ${source} on ${destination}${writable ? "" : " (read-only)"}`
    ),
    ...data.environment.map((variable) => `env       ${variable}`),
  ];
}

function maskVariable(variable: string): string {
  const at = variable.indexOf("=");
  if (at === -1) return maskSecrets(variable);
  const name = variable.slice(0, at);
  return `${name}=${maskValue(name, variable.slice(at + 1))}`;
}

function timeText(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

/** The family on this host's usual socket. */
export const DOCKER_TOOLS: readonly ToolDefinition[] = dockerTools();
