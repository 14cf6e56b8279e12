/** What the Docker API answers, as far as it is used here. What is missing or of another kind is left out. */
import * as z from "zod/mini";

/** A container in the list. */
export interface DockerContainer {
  readonly id: string;
  /** Without the leading `/`. */
  readonly name: string;
  readonly image: string;
  /** `running`, `exited`, `paused`, `restarting`, `created`, `dead`. */
  readonly state: string;
  /** As people read it: `Up 2 hours (healthy)`. */
  readonly status: string;
  readonly createdSec?: number;
  /** `0.0.0.0:80->8080/tcp`. */
  readonly ports: readonly string[];
}

/** A container looked at closely. */
export interface DockerInspection {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  readonly exitCode?: number;
  readonly oomKilled: boolean;
  readonly error: string;
  readonly pid?: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly restartCount: number;
  /** `no`, `always`, `unless-stopped`, `on-failure`. */
  readonly restartPolicy: string;
  /** `healthy`, `unhealthy`, `starting`; missing where the container has no health check. */
  readonly health?: string;
  readonly failingStreak?: number;
  /** What the health check printed last. */
  readonly healthOutput?: string;
  readonly memoryLimitBytes?: number;
  /** How many processors it may use. */
  readonly cpuLimit?: number;
  /** As they are: mask them before they are shown. */
  readonly env: readonly string[];
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly {
    readonly source: string;
    readonly destination: string;
    readonly writable: boolean;
  }[];
  readonly networks: readonly { readonly name: string; readonly address: string }[];
  readonly user: string;
  readonly privileged: boolean;
  readonly logDriver: string;
}

/** One reading of a container's counters. */
export interface DockerStats {
  /** When it was taken, by the engine's clock. */
  readonly readAtMs?: number;
  readonly cpuTotalNs?: number;
  readonly onlineCpus?: number;
  /** Without what is merely cached. */
  readonly memoryUsedBytes?: number;
  readonly memoryLimitBytes?: number;
  readonly pids?: number;
}

const text = z.catch(z.string(), "");
const figure = z.catch(z.optional(z.number()), undefined);
const texts = z.pipe(z.catch(z.nullish(z.array(z.string())), []), z.transform((list) => list ?? []));
const flag = z.catch(z.boolean(), false);

const portSchema = z.object({ IP: text, PrivatePort: figure, PublicPort: figure, Type: text });

const listSchema = z.array(z.object({
  Id: z.string(),
  Names: texts,
  Image: text,
  State: text,
  Status: text,
  Created: figure,
  Ports: z.catch(z.nullish(z.array(portSchema)), []),
}));

const inspectionSchema = z.object({
  Id: z.string(),
  Name: text,
  RestartCount: z.catch(z.number(), 0),
  Path: text,
  Args: texts,
  State: z.object({
    Status: text,
    ExitCode: figure,
    OOMKilled: flag,
    Error: text,
    Pid: figure,
    StartedAt: text,
    FinishedAt: text,
    Health: z.catch(
      z.nullish(z.object({
        Status: text,
        FailingStreak: figure,
        Log: z.catch(z.nullish(z.array(z.object({ Output: text }))), []),
      })),
      undefined,
    ),
  }),
  HostConfig: z.catch(
    z.nullish(z.object({
      Memory: figure,
      NanoCpus: figure,
      CpuQuota: figure,
      CpuPeriod: figure,
      Privileged: flag,
      RestartPolicy: z.catch(z.nullish(z.object({ Name: text })), undefined),
      LogConfig: z.catch(z.nullish(z.object({ Type: text })), undefined),
    })),
    undefined,
  ),
  Config: z.catch(
    z.nullish(z.object({
      Image: text,
      Env: texts,
      User: text,
      Labels: z.catch(z.nullish(z.record(z.string(), z.string())), {}),
    })),
    undefined,
  ),
  Mounts: z.catch(z.nullish(z.array(z.object({ Source: text, Destination: text, RW: flag }))), []),
  NetworkSettings: z.catch(
    z.nullish(z.object({
      Networks: z.catch(z.nullish(z.record(z.string(), z.nullish(z.object({ IPAddress: text })))), {}),
    })),
    undefined,
  ),
});

const statsSchema = z.object({
  read: text,
  cpu_stats: z.catch(
    z.nullish(z.object({
      cpu_usage: z.catch(
        z.nullish(z.object({
          total_usage: figure,
          percpu_usage: z.catch(z.nullish(z.array(z.number())), undefined),
        })),
        undefined,
      ),
      online_cpus: figure,
    })),
    undefined,
  ),
  memory_stats: z.catch(
    z.nullish(z.object({
      usage: figure,
      limit: figure,
      stats: z.catch(z.nullish(z.record(z.string(), z.number())), undefined),
    })),
    undefined,
  ),
  pids_stats: z.catch(z.nullish(z.object({ current: figure })), undefined),
});

/** @throws Error where it is no list of containers. */
export function dockerContainers(answer: unknown): DockerContainer[] {
  return read(listSchema, answer, "its list of containers").map((entry) => ({
    id: entry.Id,
    // A container has other names besides, `/other/alias`, where it is linked to.
    name: nameOf(
      entry.Names.find((name) => /^\/[^/]+$/.test(name)) ?? entry.Names[0] ?? entry.Id.slice(0, 12),
    ),
    image: entry.Image,
    state: entry.State,
    status: entry.Status,
    ...defined("createdSec", entry.Created),
    ports: [...new Set((entry.Ports ?? []).map(portText))],
  }));
}

/** @throws Error where it describes no container. */
export function dockerInspection(answer: unknown): DockerInspection {
  const { State: state, HostConfig: host, Config: config, ...rest } = read(
    inspectionSchema,
    answer,
    "a container",
  );
  const health = state.Health;
  const hasHealth = health != null && health.Status !== "" && health.Status !== "none";
  const healthOutput = health?.Log?.at(-1)?.Output;
  return {
    id: rest.Id,
    name: nameOf(rest.Name),
    image: config?.Image ?? "",
    state: state.Status,
    ...defined("exitCode", state.ExitCode),
    oomKilled: state.OOMKilled,
    error: state.Error,
    ...defined("pid", state.Pid === 0 ? undefined : state.Pid),
    ...defined("startedAtMs", timeMs(state.StartedAt)),
    ...defined("finishedAtMs", timeMs(state.FinishedAt)),
    restartCount: rest.RestartCount,
    restartPolicy: host?.RestartPolicy?.Name || "no",
    ...(hasHealth && { health: health.Status }),
    ...(hasHealth && defined("failingStreak", health.FailingStreak)),
    ...(hasHealth && defined("healthOutput", healthOutput)),
    ...defined("memoryLimitBytes", positive(host?.Memory)),
    ...defined("cpuLimit", cpuLimit(host?.NanoCpus, host?.CpuQuota, host?.CpuPeriod)),
    env: config?.Env ?? [],
    command: [rest.Path, ...rest.Args].filter((word) => word !== ""),
    labels: config?.Labels ?? {},
    mounts: (rest.Mounts ?? []).map(({ Source, Destination, RW }) => ({
      source: Source,
      destination: Destination,
      writable: RW,
    })),
    networks: Object.entries(rest.NetworkSettings?.Networks ?? {}).map(([name, network]) => ({
      name,
      address: network?.IPAddress ?? "",
    })),
    user: config?.User ?? "",
    privileged: host?.Privileged ?? false,
    logDriver: host?.LogConfig?.Type ?? "",
  };
}

/** @throws Error where these are no counters. */
export function dockerStats(answer: unknown): DockerStats {
  const { read: readAt, cpu_stats: cpu, memory_stats: memory, pids_stats: pids } = read(
    statsSchema,
    answer,
    "a container's counters",
  );
  const usage = memory?.usage;
  // cgroup v2 and v1 name it differently. Inactive file pages are given up as soon as they are needed.
  const cached = memory?.stats?.["inactive_file"] ?? memory?.stats?.["total_inactive_file"] ?? 0;
  return {
    ...defined("readAtMs", timeMs(readAt)),
    ...defined("cpuTotalNs", cpu?.cpu_usage?.total_usage),
    ...defined("onlineCpus", positive(cpu?.online_cpus) ?? positive(cpu?.cpu_usage?.percpu_usage?.length)),
    ...defined("memoryUsedBytes", usage === undefined ? undefined : Math.max(0, usage - cached)),
    // A limit of 2^63 or so is none.
    ...defined("memoryLimitBytes", positive(memory?.limit)),
    ...defined("pids", pids?.current),
  };
}

function read<Output>(schema: z.ZodMiniType<Output>, answer: unknown, what: string): Output {
  const { success, data, error } = schema.safeParse(answer);
  if (success) return data;
  throw new Error(`cannot read the container engine's answer: this is not ${what}`, { cause: error });
}

function nameOf(name: string): string {
  return name.replace(/^\//, "");
}

function portText({ IP, PrivatePort, PublicPort, Type }: z.output<typeof portSchema>): string {
  const inside = `${PrivatePort ?? "?"}/${Type || "tcp"}`;
  if (PublicPort === undefined) return inside;
  return `${IP.includes(":") ? `[${IP}]` : IP || "0.0.0.0"}:${PublicPort}->${inside}`;
}

/** `0001-01-01T00:00:00Z` is how the engine writes never. */
function timeMs(text: string): number | undefined {
  const ms = Date.parse(text);
  return ms > 0 ? ms : undefined;
}

function cpuLimit(nanoCpus = 0, quota = 0, period = 0): number | undefined {
  if (nanoCpus > 0) return nanoCpus / 1e9;
  return quota > 0 ? quota / (period > 0 ? period : 100_000) : undefined;
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function defined<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [Key in Name]?: Value } {
  return value === undefined ? {} : { [name]: value } as { [Key in Name]?: Value };
}
