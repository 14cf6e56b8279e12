/** The configuration: what a file may say, and what the agent's parts are given. */
import { z } from "zod";
import { readServerAddress } from "./address.ts";
import { parseDuration } from "./duration.ts";

/** The levels that can be asked for. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
/** The formats that can be asked for. */
export const LOG_FORMATS = ["json", "pretty"] as const;

/** See {@linkcode LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number];
/** See {@linkcode LOG_FORMATS}. */
export type LogFormat = typeof LOG_FORMATS[number];

/** One instance of a check. A threshold of 0 is off. */
export interface CheckConfig {
  readonly intervalMs: number;
  /** At or above it: Warning. Percent; for load: the 5-minute average per processor. */
  readonly warnGe: number;
  /** At or above it: Critical. The same unit. */
  readonly criticalGe: number;
}

/** One instance of the disk check. */
export interface DiskCheckConfig extends CheckConfig {
  /** Absolute paths; each one's file system is watched. */
  readonly mountPoints: readonly string[];
}

/** Everything that can be configured, defaults filled in, files read, paths absolute. */
export interface Config {
  /** The file that was read; undefined when there is none. */
  readonly file: string | undefined;
  /** What is unwise but works: one line each, for the log. */
  readonly warnings: readonly string[];
  /** `state_dir` of the file; `resolveStateDir` decides. */
  readonly stateDir: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly server: {
    /** The endpoint to dial; undefined when no address is configured. */
    readonly url: URL | undefined;
    /** Fit for a header. A secret: pass it to `setUpLogging`. */
    readonly token: string | undefined;
    /** The certificates of `ca_file`, PEM, one each; trusted besides the runtime's own. */
    readonly caCerts: readonly string[];
    readonly alertBufferSize: number;
  };
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  /** By name; an empty list means that the check is off. */
  readonly checks: {
    readonly cpu: readonly CheckConfig[];
    readonly mem: readonly CheckConfig[];
    readonly load: readonly CheckConfig[];
    readonly disk: readonly DiskCheckConfig[];
  };
  readonly remote: { readonly maxSessions: number; readonly chatIdleTimeoutMs: number };
}

const DEFAULT_ALERT_BUFFER_SIZE = 1000;
const MAX_DURATION_MS = 24 * 3_600_000;

const nonEmpty = z.string().min(1);

// A timer cannot wait for more than 24 days, and one that fires all the time is a mistake.
const duration = z.string().transform((text, context) => {
  const valueMs = parseDuration(text);
  if (valueMs === undefined) {
    context.addIssue({ code: "custom", message: 'must be a duration such as "30s", "5m" or "1h30m"' });
    return z.NEVER;
  }
  if (valueMs < 1000 || valueMs > MAX_DURATION_MS) {
    context.addIssue({ code: "custom", message: 'must be from "1s" to "24h"' });
    return z.NEVER;
  }
  return valueMs;
});

const address = z.string().transform((text, context) => {
  const reading = readServerAddress(text);
  if ("url" in reading) return reading.url;
  context.addIssue({
    code: "custom",
    message: `cannot be used: ${reading.problem}`,
    params: { quiet: true },
  });
  return z.NEVER;
});

function check(threshold: z.ZodNumber, warnGe: number, criticalGe: number) {
  return z.strictObject({
    interval: duration.prefault("30s"),
    warn_ge: threshold.default(warnGe),
    critical_ge: threshold.default(criticalGe),
  });
}

const percent = z.number().min(0).max(100);
const absolutePath = z.string().refine(
  (path) => path.startsWith("/"),
  'must be an absolute path such as "/var"',
);

/** Two of one kind would raise and end each other's alerts: both speak of the same target. */
const atMostOne = [
  (instances: readonly unknown[]) => instances.length <= 1,
  {
    message: "may stand there only once, for its target is the whole host; keep one",
    params: { quiet: true },
  },
] as const;

function watchedOnce(disks: readonly { mount_points: readonly string[] }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { mount_points }] of disks.entries()) {
    for (const mountPoint of mount_points) {
      if (seen.has(mountPoint)) {
        const message = `names ${mountPoint}, which is watched already; name each mount point once`;
        context.addIssue({ code: "custom", path: [index, "mount_points"], message, params: { quiet: true } });
      }
      seen.add(mountPoint);
    }
  }
}

const checkSchemas = {
  cpu: check(percent, 80, 90),
  mem: check(percent, 85, 90),
  load: check(z.number().min(0), 3, 5),
  disk: check(percent, 90, 99).extend({ mount_points: z.array(absolutePath).min(1).default(["/"]) }),
};

/** The schema of `[server]`'s single values; flags pass it too. */
export const serverFields = { address, token_file: nonEmpty, ca_file: nonEmpty };

/** The schema of `[log]`'s values; flags pass it too. */
export const logFields = { level: z.enum(LOG_LEVELS), format: z.enum(LOG_FORMATS) };

/** What the TOML file may say: strict, so that a misspelt key is an error. */
export const fileSchema = z.strictObject({
  state_dir: nonEmpty.optional(),
  labels: z.record(z.string(), z.string()).default({}),
  server: z.strictObject({
    address: address.optional(),
    token: nonEmpty.optional(),
    token_file: nonEmpty.optional(),
    ca_file: nonEmpty.optional(),
    alert_buffer_size: z.int().max(1_000_000).default(DEFAULT_ALERT_BUFFER_SIZE)
      .transform((size) => size > 0 ? size : DEFAULT_ALERT_BUFFER_SIZE),
  }).refine((server) => server.token === undefined || server.token_file === undefined, {
    path: ["token_file"],
    message: "cannot stand beside server.token; keep one of them",
    params: { quiet: true },
  }).prefault({}),
  log: z.strictObject({
    level: logFields.level.default("info"),
    format: logFields.format.optional(),
  }).prefault({}),
  // No [check] at all means all of them; a [check] that is there enables only what it names.
  check: z.strictObject({
    cpu: z.array(checkSchemas.cpu).refine(...atMostOne).default([]),
    mem: z.array(checkSchemas.mem).refine(...atMostOne).default([]),
    load: z.array(checkSchemas.load).refine(...atMostOne).default([]),
    disk: z.array(checkSchemas.disk).default([]).superRefine(watchedOnce),
  }).prefault({ cpu: [{}], mem: [{}], load: [{}], disk: [{}] }),
  remote: z.strictObject({
    max_sessions: z.int().min(1).max(1000).default(3),
    chat_idle_timeout: duration.prefault("30m"),
  }).prefault({}),
});

/** A file that passed the schema. */
export type FileSettings = z.output<typeof fileSchema>;

/**
 * The keys that may stand in the table at `path` (no path: at the top), or undefined where any may, or where there
 * is no such table.
 */
export function knownKeys(path: readonly PropertyKey[]): string[] | undefined {
  let schema: z.core.$ZodType = fileSchema;
  for (const step of path) {
    schema = unwrap(schema);
    if (typeof step === "number" && schema instanceof z.ZodArray) {
      schema = schema.element;
    } else if (schema instanceof z.ZodObject && Object.hasOwn(schema.shape, step)) {
      schema = schema.shape[String(step)];
    } else return undefined;
  }
  schema = unwrap(schema);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : undefined;
}

/** Every key of the schema that holds a value, dotted: `server.address`, `check.cpu.interval`. */
export function allKeys(path: readonly PropertyKey[] = []): string[] {
  return (knownKeys(path) ?? []).flatMap((key) => {
    const inner = [[...path, key], [...path, key, 0]].find((candidate) => knownKeys(candidate) !== undefined);
    if (inner !== undefined) return allKeys(inner);
    return [[...path, key].filter((step) => typeof step === "string").join(".")];
  });
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  while (
    schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
  ) {
    schema = schema.def.innerType;
  }
  return schema;
}
