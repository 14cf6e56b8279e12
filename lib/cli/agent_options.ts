/** From a configuration to the options of an agent, part by part, so that a reload changes the parts that differ. */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { AgentChanges, LocalOptions, Sender } from "../agent.ts";
import { definitionsOf } from "../checks/default_checks.ts";
import { makeChecks } from "../checks/make_checks.ts";
import { ConfigError } from "../config/config_error.ts";
import type { DestinationConfig } from "../config/notify.ts";
import type { Config } from "../config/config.ts";
import { fileCredentials, type ServerCredentials } from "../config/server_credentials.ts";
import { toolServices } from "../config/tool_services.ts";
import { openHost } from "../host/open_host.ts";
import { SessionLimiter } from "../sessions/limiter.ts";

/** What the options are made with besides the configuration. */
export interface AgentOptionsContext {
  /** The state folder, absolute. */
  stateDir: string;
  /** Hears of credentials that were read again, before they are used. */
  onCredentials: (credentials: ServerCredentials) => void;
  /** The senders that were made, by name; empty at first. */
  senders: Map<string, { config: DestinationConfig; sender: Sender }>;
}

/** One part of the configuration, and what an agent is given for it. */
interface Part {
  /** As its table is called. */
  readonly name: string;
  /** What the options depend on. */
  slice(config: Config): unknown;
  options(config: Config, context: AgentOptionsContext): AgentChanges | Promise<AgentChanges>;
}

const PARTS: readonly Part[] = [
  {
    name: "server",
    slice: ({ server: { alertBufferSize: _, ...server } }) => server,
    options: serverOptions,
  },
  { name: "labels", slice: ({ labels }) => labels, options: ({ labels }) => ({ labels }) },
  { name: "host", slice: ({ host }) => host, options: async ({ host }) => ({ host: await openHost(host) }) },
  {
    name: "check",
    slice: ({ checks, secrets }) => [checks, secrets],
    options: async ({ checks, secrets }) => {
      const definitionOf = await definitionsOf(checks.map(({ plugin }) => plugin));
      return { checks: (source) => makeChecks(checks, { definitionOf, source, secrets }) };
    },
  },
  {
    name: "remote",
    slice: ({ remote, checks, secrets }) => [remote, toolServices(checks), secrets],
    options: ({ remote, checks, secrets }) => ({
      tools: {
        allow: remote.tools,
        logRoots: remote.logRoots,
        allowRun: remote.allowRun,
        secrets,
        ...toolServices(checks),
      },
      limiter: new SessionLimiter({ limit: remote.maxSessions }),
      trustedKeys: remote.trustedKeys,
      chatIdleMs: remote.chatIdleTimeoutMs,
      remote: remote.policy,
    }),
  },
  { name: "audit", slice: ({ audit }) => audit, options: ({ audit }) => ({ audit }) },
  {
    name: "notify",
    slice: ({ notify }) => notify,
    options: async ({ notify }, context) => ({
      destinations: await Promise.all(
        notify.map(async (one) => ({ name: one.name, sender: await senderOf(one, context) })),
      ),
    }),
  },
  {
    name: "local",
    slice: ({ local }) => local,
    options: ({ local }, { stateDir }) => ({ local: localOf(local, stateDir) }),
  },
];

/** What only a new start can change, as people know it. */
const FIXED: Readonly<Record<string, (config: Config) => unknown>> = {
  state_dir: ({ stateDir }) => stateDir,
  queue: ({ queue }) => queue,
  "server.alert_buffer_size": ({ server }) => server.alertBufferSize,
};

/** Everything that a reload can change; the caller adds the rest. */
export async function agentOptions(
  config: Config,
  context: AgentOptionsContext,
): Promise<AgentChanges & { address: URL }> {
  const all = await Promise.all(PARTS.map((part) => part.options(config, context)));
  return Object.assign({ address: addressOf(config) }, ...all);
}

/** What differs between two configurations. */
export interface ConfigDifference {
  /** The parts that do, by their tables' names. */
  readonly parts: readonly string[];
  readonly changes: AgentChanges;
  /** Keys that differ and count from the next start on. */
  readonly atNextStart: readonly string[];
}

/** Compares; makes options for the parts that differ. */
export async function difference(
  before: Config,
  after: Config,
  context: AgentOptionsContext,
): Promise<ConfigDifference> {
  const parts = PARTS.filter(({ slice }) => !isDeepStrictEqual(slice(before), slice(after)));
  const changes = await Promise.all(parts.map((part) => part.options(after, context)));
  return {
    parts: parts.map(({ name }) => name),
    changes: Object.assign({}, ...changes),
    atNextStart: Object.keys(FIXED).filter((key) =>
      !isDeepStrictEqual(FIXED[key]?.(before), FIXED[key]?.(after))
    ),
  };
}

/** @throws ConfigError where no server is named. */
export function addressOf({ server: { url }, file }: Config): URL {
  if (url !== undefined) return url;
  throw new ConfigError(
    `cannot run: no control server is named, ${
      file === undefined ? "and there is no configuration file" : `not in ${file} either`
    }; set [server] address or use --server`,
  );
}

function serverOptions(config: Config, { onCredentials }: AgentOptionsContext): AgentChanges {
  const { urls, token, caCerts, clientCertificate, credentialFiles, proxy } = config.server;
  return {
    address: addressOf(config),
    addresses: urls.slice(1),
    token,
    caCerts,
    clientCertificate,
    credentials: fileCredentials({
      files: credentialFiles,
      fixedToken: credentialFiles.token === undefined ? token : undefined,
      onRead: onCredentials,
    }),
    proxy,
  };
}

/** The same sender for the same settings: by it, a reload knows what to leave alone. */
async function senderOf(config: DestinationConfig, { senders }: AgentOptionsContext): Promise<Sender> {
  const known = senders.get(config.name);
  if (known !== undefined && isDeepStrictEqual(known.config, config)) return known.sender;
  const sender = await newSender(config);
  senders.set(config.name, { config, sender });
  return sender;
}

/** Each kind's code is loaded where there is one. */
async function newSender(destination: DestinationConfig): Promise<Sender> {
  switch (destination.type) {
    case "console":
      return (await import("../alerts/notifiers/console.ts")).consoleSender();
    case "webhook":
      return (await import("../alerts/notifiers/webhook.ts")).webhookSender(destination);
    case "alertmanager":
      return (await import("../alerts/notifiers/alertmanager.ts")).alertmanagerSender(destination);
    case "pagerduty": {
      const { pagerdutySender } = await import("../alerts/notifiers/pagerduty.ts");
      const { source = hostname(), ...options } = destination;
      return pagerdutySender({ ...options, ...(source !== undefined && { source }) });
    }
  }
}

/** Where the agent's own HTTP listens: by default on a socket in the state folder, which other users cannot enter. */
function localOf(
  { listen, token, allowRemote }: Config["local"],
  stateDir: string,
): LocalOptions | undefined {
  switch (listen.kind) {
    case "none":
      return undefined;
    case "default":
      return { listen: join(stateDir, "pawl.sock") };
    case "unix":
      return { listen: listen.path };
    case "tcp": {
      const host = listen.hostname.includes(":") ? `[${listen.hostname}]` : listen.hostname;
      return { listen: `${host}:${listen.port}`, token, allowRemote };
    }
  }
}

/** This host's name, where the sandbox does not hide it. */
function hostname(): string | undefined {
  try {
    return Deno.hostname();
  } catch {
    return undefined;
  }
}
