/** What an agent is made of. */
import type { Notifier } from "../alerts/notifiers/notifier.ts";
import type { Sender } from "../alerts/notifiers/sender.ts";
import type { QueueBounds } from "../alerts/open_queue.ts";
import type { CheckSource } from "../checks/make_checks.ts";
import type { ScheduledCheck } from "../checks/engine.ts";
import type { Clock } from "../clock.ts";
import { parseServerAddress } from "../config/address.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { BackoffOptions } from "../link/backoff.ts";
import type { ConnectionTimings } from "../link/connection.ts";
import type { ConnectionEvent } from "../link/connection_event.ts";
import type { CredentialSource } from "../link/credential_watch.ts";
import type { ClientCertificate, LinkSettings, ProxySettings } from "../link/link_settings.ts";
import type { AuditBounds } from "../sessions/audit/log.ts";
import type { ConcurrencyLimiter } from "../sessions/limiter.ts";
import type { RemoteSettings } from "../sessions/remote_policy.ts";
import type { ChatRunner, DiagnoseRunner } from "../sessions/runners.ts";
import type { TrustedKey } from "../sessions/signature.ts";
import type { AllToolsOptions } from "../tools/all_tools.ts";

/** What remote sessions may use to look at the host. */
export interface SessionTools extends AllToolsOptions {
  /**
   * Names, names with `*`, `family:NAME` and `reach:NAME`; a `!` in front denies, and wins.
   * @default what looks at this host and its services, and at files below `logRoots`
   */
  allow?: readonly string[];
  /** The folders below which files may be read, absolute. @default none */
  logRoots?: readonly string[];
  /** What no tool may show, besides what looks like a secret. @default none */
  secrets?: readonly string[];
}

/** What an {@linkcode Agent} is made of. Only the first two are needed. */
export interface AgentOptions {
  /**
   * The hub's address: `host[:port]`, or an `http`, `https`, `ws` or `wss` URL without a path; or, as a URL object, the
   * very endpoint to dial.
   */
  address: string | URL;
  /** Further hubs that do the same, written likewise. The one that worked last is kept to while it works. @default none */
  addresses?: readonly (string | URL)[];
  /** A UUIDv4 that stays the same for this host; {@linkcode openStateDir} keeps one. */
  agentId: string;
  /** Sent as `X-Agent-Token`. */
  token?: string | undefined;
  /** Authorities to trust besides those that the runtime brings, PEM, one certificate each. */
  caCerts?: readonly string[];
  /** Shown to hubs that ask for a certificate. */
  clientCertificate?: ClientCertificate | undefined;
  /**
   * Where the token and the certificates come from, where they may change: they are read again when they do, and used
   * once a connection with them has been registered.
   */
  credentials?: CredentialSource | undefined;
  /** Leads to the hub; for `wss` alone. @default none */
  proxy?: ProxySettings | undefined;
  /** Sent with `register`, and added to the labels of every event of the agent's own checks. */
  labels?: Readonly<Record<string, string>>;
  /** Where queues are kept, so that no event is lost with the process. @default none: queues are in memory */
  stateDir?: string | undefined;
  /** Bounds of each destination's queue on disk. */
  queue?: QueueBounds;
  /** How many events may wait in memory: all, or those that the disk does not take. @default 1000 */
  alertBufferSize?: number;
  /**
   * Makes the checks to run: once for the engine, and anew for each session. Where `memoryOf` is missing, they are to
   * remember nothing over a restart.
   * @default those that run without a configuration
   */
  checks?: (source: CheckSource) => ScheduledCheck[];
  /** What sessions may look at with tools. */
  tools?: SessionTools;
  /** Where figures come from. @default the runtime's own calls */
  host?: HostFacts;
  /** Does the work of *inspect* and *diagnose*; null: they are refused. @default a report of the checks' figures */
  diagnoseRunner?: DiagnoseRunner | null;
  /** Does the work of *chat*; null: it is refused. @default answers with figures, for no model is configured */
  chatRunner?: ChatRunner | null;
  /** How many sessions at once. @default three */
  limiter?: ConcurrencyLimiter;
  /** Whose signature every session of the hub's needs. @default nobody's: sessions need none */
  trustedKeys?: readonly TrustedKey[];
  /** How long a chat may be idle before it ends, in milliseconds. @default 30 min */
  chatIdleMs?: number;
  /** What sessions may be opened, by whom, and how much each may use; what is left out is as by default. */
  remote?: RemoteSettings;
  /** The bounds of the audit log, which is kept where there is a state folder. @default 8 files of 8 MiB */
  audit?: AuditBounds;
  /** Destinations besides the hub, each behind a queue of its own; names are fit for files. @default none */
  destinations?: readonly { readonly name: string; readonly sender: Sender }[];
  /** Hears of every event too, without a queue. @default none */
  notifiers?: readonly Notifier[];
  /** Where the agent's own HTTP listens: a unix socket's path, or `host:port` with a token. @default nowhere */
  local?: LocalOptions | undefined;
  /** The waits between connections. */
  backoff?: BackoffOptions;
  /** Deadlines of the connection's phases. */
  timings?: Partial<ConnectionTimings>;
  /** Hears what happens to the connection. What it throws is logged. */
  onEvent?: (event: ConnectionEvent) => void;
  /** Time, and the timers of all waits. @default the platform's */
  clock?: Clock;
  /** Uniform numbers in [0, 1), for the spread of waits. @default Math.random */
  random?: () => number;
}

/** What {@linkcode Agent.reconfigure} can change: what is there is changed, what is not there stays. */
export type AgentChanges = Partial<
  Pick<
    AgentOptions,
    | "address"
    | "addresses"
    | "token"
    | "caCerts"
    | "clientCertificate"
    | "credentials"
    | "proxy"
    | "labels"
    | "checks"
    | "tools"
    | "host"
    | "limiter"
    | "trustedKeys"
    | "chatIdleMs"
    | "remote"
    | "audit"
    | "destinations"
    | "local"
  >
>;

/** Where the agent's own HTTP listens. */
export interface LocalOptions {
  /** The absolute path of a unix socket, or `host:port`. */
  readonly listen: string;
  /** What callers over TCP must show; needed there. */
  readonly token?: string | undefined;
  /** Whether others than this host may reach it. @default false */
  readonly allowRemote?: boolean;
}

/**
 * Whom to connect to, and how.
 *
 * @throws ConfigError for an address that cannot be dialled.
 */
export function linkSettings(options: AgentOptions): LinkSettings {
  const { address, addresses = [], token, caCerts = [], clientCertificate, proxy } = options;
  const urls = [address, ...addresses].map((one) =>
    one instanceof URL && one.pathname !== "/" ? one : parseServerAddress(String(one))
  );
  return {
    urls: [...new Map(urls.map((url) => [url.href, url])).values()],
    token,
    caCerts,
    clientCertificate,
    proxy,
  };
}
