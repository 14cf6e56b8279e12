/** The configuration: what a file may say, and what the agent's parts are given. */
import * as z from "zod";
import { readServerAddress } from "./address.ts";
import type { ConfiguredCheck } from "../checks/configured.ts";
import { DEFAULT_REMOTE_TOOLS, patternProblem } from "../tools/policy.ts";
import { checkSchema } from "./check_schema.ts";
import { absolutePath, duration, nonEmpty, size } from "./fields.ts";
import type { ListenConfig } from "./listen.ts";
import { localSchema } from "./local_schema.ts";
import type { DestinationConfig } from "./notify.ts";
import { notifySchema } from "./notify_schema.ts";
import { type ProxyConfig, readProxy } from "./proxy.ts";
import type { CredentialFiles, ServerCredentials } from "./server_credentials.ts";
import { trustedKey, type TrustedKeyConfig } from "./trusted_key.ts";

/** The levels that can be asked for. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
/** The formats that can be asked for. */
export const LOG_FORMATS = ["json", "pretty"] as const;

/** See {@linkcode LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number];
/** See {@linkcode LOG_FORMATS}. */
export type LogFormat = typeof LOG_FORMATS[number];

/** A file that the configuration consists of. */
export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  /** The key that names it; empty for the configuration's own file, undefined for one that a flag names. */
  readonly setting: readonly PropertyKey[] | undefined;
}

/** Everything that can be configured, defaults filled in, files read, paths absolute. */
export interface Config {
  /** The file that was read; undefined when there is none. */
  readonly file: string | undefined;
  /** Every file that was read, absolute, with the key that names it; the first is {@linkcode Config.file} itself. */
  readonly files: readonly ConfigFile[];
  /** The environment variables that the file refers to. */
  readonly variables: readonly { readonly name: string; readonly setting: readonly PropertyKey[] }[];
  /** What is unwise but works: one line each, for the log. */
  readonly warnings: readonly string[];
  /** `state_dir` of the file; `resolveStateDir` decides. */
  readonly stateDir: string | undefined;
  /** Every value that no log may show: pass them to `setUpLogging`. */
  readonly secrets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly server: {
    /** The endpoint to dial, the first of several; undefined when no address is configured. */
    readonly url: URL | undefined;
    /** All endpoints, none twice; they do the same. */
    readonly urls: readonly URL[];
    /** Fit for a header. A secret. */
    readonly token: string | undefined;
    /** The certificates of `ca_file`, PEM, one each; trusted besides the runtime's own. */
    readonly caCerts: readonly string[];
    /** Shown to servers that ask for one; PEM. The key is a secret. */
    readonly clientCertificate: ServerCredentials["clientCertificate"];
    /** Which of these three come from files, and which. */
    readonly credentialFiles: CredentialFiles;
    readonly proxy: ProxyConfig | undefined;
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
  /** The instances that run, in the order of reports. */
  readonly checks: readonly ConfiguredCheck[];
  /** Where this process may read the kernel's files, absolute; undefined: what the runtime lets it see. */
  readonly host: { readonly procfs: string | undefined; readonly sysfs: string | undefined };
  readonly remote: {
    readonly maxSessions: number;
    readonly chatIdleTimeoutMs: number;
    /** Which tools sessions may use: names, globs, `family:NAME`; `!` in front denies, and wins. */
    readonly tools: readonly string[];
    /** Folders below which tools may read files, absolute. */
    readonly logRoots: readonly string[];
    /** Whether the file names them; the default ones are looked at only where the sandbox happens to grant them. */
    readonly logRootsAreNamed: boolean;
    /** Programs that tools may run, absolute. */
    readonly allowRun: readonly string[];
    /** Whose signature sessions need; empty: they need none. */
    readonly trustedKeys: readonly TrustedKeyConfig[];
    /** Who may ask for what, and how much of it. */
    readonly policy: {
      readonly sessions: readonly SessionTypeName[];
      /** Globs; empty: anybody. */
      readonly users: readonly string[];
      /** Of one chat. */
      readonly maxTurns: number;
      /** How long one session may take. */
      readonly maxMs: number;
      /** What one session may send. */
      readonly maxOutputBytes: number;
      /** Of one session. */
      readonly maxToolRuns: number;
      readonly maxSessionsPerHour: number;
      /** Of all sessions together. */
      readonly maxToolRunsPerHour: number;
    };
  };
  /** The bounds of the audit log. */
  readonly audit: { readonly maxBytes: number; readonly maxFiles: number };
}

const SESSION_TYPE_NAMES = ["inspect", "diagnose", "chat"] as const;
type SessionTypeName = typeof SESSION_TYPE_NAMES[number];

const DEFAULT_ALERT_BUFFER_SIZE = 1000;

/** A policy that cannot be read is no policy: better no start than a surprise in the first session. */
const toolPattern = nonEmpty.superRefine((pattern, context) => {
  const problem = patternProblem(pattern);
  if (problem !== undefined) {
    context.addIssue({ code: "custom", message: `cannot be used: ${problem}`, params: { quiet: true } });
  }
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

const proxy = z.string().transform((text, context) => {
  const reading = readProxy(text);
  if ("proxy" in reading) return reading.proxy;
  context.addIssue({
    code: "custom",
    message: `cannot be used: ${reading.problem}`,
    params: { quiet: true },
  });
  return z.NEVER;
});

/** The schema of `[server]`'s single values; flags pass it too. */
export const serverFields = { address, file: nonEmpty };

/** The schema of `[log]`'s values; flags pass it too. */
export const logFields = { level: z.enum(LOG_LEVELS), format: z.enum(LOG_FORMATS) };

/** What the TOML file may say: strict, so that a misspelt key is an error. */
export const fileSchema = z.strictObject({
  state_dir: nonEmpty.optional().meta({
    description: "Where the agent keeps its identity and what must survive a restart. By default " +
      "`$STATE_DIRECTORY`, else `/var/lib/pawl` for root, else `$XDG_STATE_HOME/pawl`, else `~/.local/state/pawl`.",
    example: "/var/lib/pawl",
    otherwise: "see there",
  }),
  labels: z.record(z.string(), z.string()).default({}).meta({
    description: "What this host is: text by name, sent when the agent registers.",
    example: { environment: "production" },
    otherwise: "none",
  }),
  server: z.strictObject({
    address: address.optional().meta({
      description:
        "The server: `host[:port]`, or an `http`, `https`, `ws` or `wss` URL without path, query and " +
        "fragment. Without a scheme: `wss`, for `localhost`, `127.0.0.0/8` and `::1` `ws`.",
      example: "hub.example.com:8443",
    }),
    addresses: z.array(address).default([])
      .describe(
        "Further servers that do the same. The one that worked last is kept to; when it fails, another is tried.",
      ),
    token: nonEmpty.optional().meta({
      description:
        "The secret that the server knows this agent by. Not beside `server.token_file`. Better kept in " +
        "a file of its own, or in a variable.",
      example: "${PAWL_TOKEN}",
    }),
    token_file: nonEmpty.optional().meta({
      description: "A file with the token; white space around it is cut off.",
      example: "/etc/pawl/token",
    }),
    ca_file: nonEmpty.optional().meta({
      description: "A PEM file with certificate authorities to trust besides those that the runtime brings.",
      example: "/etc/pawl/ca.pem",
    }),
    cert_file: nonEmpty.optional().meta({
      description:
        "A PEM file with the certificate, and what leads to its authority, to show to servers that ask " +
        "for one. Needs `server.key_file`.",
      example: "/etc/pawl/agent.pem",
    }),
    key_file: nonEmpty.optional().meta({
      description: "A PEM file with that certificate's private key, not encrypted.",
      example: "/etc/pawl/agent.key",
    }),
    proxy: proxy.optional().meta({
      description:
        "An HTTP proxy to reach `wss` servers through, by CONNECT: `http://[user:password@]host:port`. " +
        "Without it none is used, whatever the environment says.",
      example: "http://proxy.example.com:3128",
    }),
    alert_buffer_size: z.int().max(1_000_000)
      .transform((size) => size > 0 ? size : DEFAULT_ALERT_BUFFER_SIZE).prefault(DEFAULT_ALERT_BUFFER_SIZE)
      .describe(
        "How many alert events wait in memory at most, where no queue on disk can be had; when it is full, the " +
          "oldest goes. 0 or less reads as the default; at most 1000000.",
      ),
  }).refine((server) => server.token === undefined || server.token_file === undefined, {
    path: ["token_file"],
    message: "cannot stand beside server.token; keep one of them",
    params: { quiet: true },
  }).refine((server) => server.cert_file === undefined || server.key_file !== undefined, {
    path: ["cert_file"],
    message: "needs server.key_file beside it",
    params: { quiet: true },
  }).refine((server) => server.key_file === undefined || server.cert_file !== undefined, {
    path: ["key_file"],
    message: "needs server.cert_file beside it",
    params: { quiet: true },
  }).prefault({}).describe("The server to connect to."),
  queue: z.strictObject({
    max_events: z.int().min(100).max(10_000_000).default(100_000)
      .describe("How many events wait on disk at most, for each destination; 100 to 10000000."),
    max_bytes: size("1MiB", "16GiB").prefault("64MiB")
      .describe("How much they may take there, for each destination; 1 MiB to 16 GiB."),
    max_age: duration("1m", "365d").prefault("7d")
      .describe("What has waited for longer is dropped; 1 minute to 365 days."),
  }).prefault({}).describe(
    "What waits on disk, for the server and for each other destination. Where a bound is passed, events that a " +
      "newer one of the same alert has superseded go first, then the oldest.",
  ),
  local: localSchema,
  log: z.strictObject({
    level: logFields.level.default("info")
      .describe("Its level: `debug`, `info`, `warning` or `error`. At `debug`, errors show their stacks."),
    format: logFields.format.optional().meta({
      description:
        "For people `pretty`, for programs `json`; by default `pretty` where stderr is a terminal.",
      example: "json",
      otherwise: "by terminal",
    }),
  }).prefault({}).describe("The log on stderr."),
  host: z.strictObject({
    procfs: absolutePath.optional().meta({
      description: "Where a mount of `/proc` can be read, absolute.",
      example: "/host/proc",
    }),
    sysfs: absolutePath.optional().meta({
      description: "Where a mount of `/sys` can be read, absolute.",
      example: "/host/sys",
    }),
  }).prefault({}).describe(
    "Where the kernel's files can be read, where that is not the usual place: a bind mount. A sandbox that names " +
      "what it allows lets nobody read `/proc` and `/sys` themselves.",
  ),
  check: checkSchema,
  remote: z.strictObject({
    max_sessions: z.int().min(1).max(1000).default(3)
      .describe("How many sessions of operators run at once, 1 to 1000."),
    chat_idle_timeout: duration("1s", "24h").prefault("30m")
      .describe("A chat without a message for this long ends."),
    sessions: z.array(z.enum(SESSION_TYPE_NAMES)).default([...SESSION_TYPE_NAMES])
      .describe("Which types of session may run: `inspect`, `diagnose`, `chat`. Without any, none."),
    users: z.array(nonEmpty).default([])
      .describe("Who may open one, by the server's word: names, with `*` and `?`. Without any, everybody."),
    max_turns: z.int().min(1).max(10_000).default(100)
      .describe("How many turns a chat may have, 1 to 10000."),
    max_minutes: z.int().min(1).max(1440).default(60)
      .describe("How many minutes a session may take, 1 to 1440."),
    max_output: size("64KiB", "1GiB").prefault("16MiB")
      .describe("How much one session may send, 64KiB to 1GiB."),
    max_tool_runs: z.int().min(1).max(100_000).default(200)
      .describe("How many tools one session may run, 1 to 100000."),
    max_sessions_per_hour: z.int().min(1).max(100_000).default(120)
      .describe("How many sessions may begin within an hour, 1 to 100000."),
    max_tool_runs_per_hour: z.int().min(1).max(100_000).default(2000)
      .describe("How many tools all sessions together may run within an hour, 1 to 100000."),
    tools: z.array(toolPattern).default([...DEFAULT_REMOTE_TOOLS])
      .describe(
        "Which tools sessions may use: names, names with `*`, `family:NAME`, `reach:NAME` (`host`, `files`, " +
          "`network`, `service`, `program`); a `!` in front denies, and wins.",
      ),
    log_roots: z.array(absolutePath).default(["/var/log"])
      .describe("The folders below which tools may read files."),
    allow_run: z.array(absolutePath).default([])
      .describe("The programs that tools may run: absolute paths."),
    trusted_keys: z.array(trustedKey).default([])
      .describe(
        "Whose sessions to take: public keys, as `pawl keygen` prints them. With any here, a session that none of " +
          "them signed is refused.",
      ),
  }).prefault({}).describe("The sessions that operators open from the server."),
  audit: z.strictObject({
    max_bytes: size("64KiB", "256MiB").prefault("8MiB")
      .describe("How large a file of it becomes, 64KiB to 256MiB."),
    max_files: z.int().min(2).max(1000).default(8)
      .describe("How many files are kept, 2 to 1000; the oldest goes."),
  }).prefault({}).describe("What is written down of sessions, in the folder `audit` of the state folder."),
  notify: notifySchema,
});

/** How to parse what is parsed once: a parser compiled for it would cost more than it saves. */
export const PARSED_ONCE = { jitless: true } as const;

/** A file that passed the schema. */
export type FileSettings = z.output<typeof fileSchema>;
