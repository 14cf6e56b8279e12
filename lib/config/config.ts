/** The configuration as the agent's parts are given it. */
import type { ConfiguredCheck } from "../checks/make_checks.ts";
import type { ListenConfig } from "./listen.ts";
import type { DestinationConfig } from "./notify.ts";
import type { ProxyConfig } from "./proxy.ts";
import type { CredentialFiles, ServerCredentials } from "./server_credentials.ts";
import type { TrustedKeyConfig } from "./trusted_key.ts";

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

/** The types of session that can be allowed. */
export const SESSION_TYPE_NAMES = ["inspect", "diagnose", "chat"] as const;
/** See {@linkcode SESSION_TYPE_NAMES}. */
export type SessionTypeName = typeof SESSION_TYPE_NAMES[number];
