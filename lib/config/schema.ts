/** The configuration: what a file may say, and what the agent's parts are given. */
import { z } from "zod";
import { readServerAddress } from "./address.ts";
import { checkSchema } from "./check_schema.ts";
import { duration, nonEmpty, size } from "./fields.ts";
import type { ListenConfig } from "./listen.ts";
import { localSchema } from "./local_schema.ts";
import type { DestinationConfig } from "./notify.ts";
import { notifySchema } from "./notify_schema.ts";

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
  /** Every value that no log may show: pass them to `setUpLogging`. */
  readonly secrets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly server: {
    /** The endpoint to dial; undefined when no address is configured. */
    readonly url: URL | undefined;
    /** Fit for a header. A secret. */
    readonly token: string | undefined;
    /** The certificates of `ca_file`, PEM, one each; trusted besides the runtime's own. */
    readonly caCerts: readonly string[];
    readonly alertBufferSize: number;
  };
  /** The bounds of each destination's queue on disk. */
  readonly queue: { readonly maxEvents: number; readonly maxBytes: number; readonly maxAgeMs: number };
  /** The agent's own HTTP. */
  readonly local: {
    readonly listen: ListenConfig;
    /** Fit for a header; always there for TCP. A secret. */
    readonly token: string | undefined;
    /** Whether `listen` may be what others than this host can reach; it has been checked against that. */
    readonly allowRemote: boolean;
  };
  /** Where events go besides the server, in the file's order; no name stands there twice. */
  readonly notify: readonly DestinationConfig[];
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
  queue: z.strictObject({
    max_events: z.int().min(100).max(10_000_000).default(100_000),
    max_bytes: size("1MiB", "16GiB").prefault("64MiB"),
    max_age: duration("1m", "365d").prefault("7d"),
  }).prefault({}),
  local: localSchema,
  log: z.strictObject({
    level: logFields.level.default("info"),
    format: logFields.format.optional(),
  }).prefault({}),
  check: checkSchema,
  remote: z.strictObject({
    max_sessions: z.int().min(1).max(1000).default(3),
    chat_idle_timeout: duration("1s", "24h").prefault("30m"),
  }).prefault({}),
  notify: notifySchema,
});

/** A file that passed the schema. */
export type FileSettings = z.output<typeof fileSchema>;
