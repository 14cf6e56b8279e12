/** `pawl run`: the agent itself. */
import { join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { getLogger, type Logger } from "@logtape/logtape";
import {
  Agent,
  alertmanagerSender,
  configuredChecks,
  consoleSender,
  type LocalOptions,
  pagerdutySender,
  type Sender,
  SessionLimiter,
  webhookSender,
} from "../agent.ts";
import { ConfigError } from "../config/config_error.ts";
import { loadConfig } from "../config/load.ts";
import type { DestinationConfig } from "../config/notify.ts";
import type { Config } from "../config/schema.ts";
import { openStateDir, resolveStateDir, type StateDir } from "../config/state_dir.ts";
import { setUpLogging } from "../log.ts";
import { VERSION } from "../version.ts";
import { relieveMemory } from "./memory_relief.ts";
import { ignoreProxyVariables } from "./proxy_variables.ts";
import { stopOnSignal } from "./signals.ts";

/** See `CommandFactory`. */
export function command() {
  return new Command("run")
    .description("Connect to a control server and stay connected until SIGTERM or SIGINT")
    .option("--config <file>", "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .option("--server <address>", "the control server: host[:port], or a ws, wss, http or https URL")
    .option("--token-file <file>", "a file that holds the token")
    .option("--ca-file <file>", "authorities to trust besides the runtime's own, PEM")
    .option("--state-dir <folder>", "where the agent keeps its identity")
    .option("--log-level <level>", "debug, info, warning or error")
    .option("--log-format <format>", "json or pretty")
    .action(async (flags) => {
      const config = await loadConfig({
        path: flags.config,
        flags,
        env: Deno.env,
        cwd: Deno.cwd(),
        stderrIsTerminal: Deno.stderr.isTerminal(),
      });
      const { url } = config.server;
      if (url === undefined) {
        throw new ConfigError(
          `cannot run: no control server is named, ${
            config.file === undefined ? "and there is no configuration file" : `not in ${config.file} either`
          }; set [server] address or use --server`,
        );
      }
      const { level, format } = config.log;
      await using _logging = setUpLogging({ level, format, secrets: config.secrets });
      const path = resolveStateDir({
        flag: flags.stateDir,
        config: config.stateDir,
        env: Deno.env,
        uid: Deno.uid(),
        cwd: Deno.cwd(),
      });
      using stop = stopOnSignal({ logger: getLogger(["pawl", "run"]) });
      await using state = await openStateDir(path);
      await runAgent({ config, url, state, stop: stop.signal });
    });
}

interface RunAgentOptions {
  config: Config;
  url: URL;
  state: StateDir;
  stop: AbortSignal;
}

async function runAgent({ config, url, state, stop }: RunAgentOptions): Promise<void> {
  const { agentId } = state;
  const logger = getLogger(["pawl", "run"]);
  for (const warning of config.warnings) logger.warn("config.warning", { warning });
  for (const name of ignoreProxyVariables()) logger.warn("config.proxy_variable_ignored", { name });
  const agent = new Agent({
    address: url,
    agentId,
    token: config.server.token,
    caCerts: config.server.caCerts,
    labels: config.labels,
    stateDir: state.path,
    queue: config.queue,
    alertBufferSize: config.server.alertBufferSize,
    destinations: config.notify.map((one) => ({ name: one.name, sender: senderOf(one) })),
    local: localOf(config.local, state.path),
    checks: (host, clock) => configuredChecks(config.checks, host, clock),
    limiter: new SessionLimiter({ limit: config.remote.maxSessions }),
    chatIdleMs: config.remote.chatIdleTimeoutMs,
  });
  using _net = surviveRejections(logger);
  using _relief = relieveMemory({ logger });
  logger.info("agent.started", { version: VERSION, agentId, hub: url.host, config: config.file ?? "none" });
  await agent.run(stop);
  logger.info("agent.stopped", {});
}

function senderOf(destination: DestinationConfig): Sender {
  switch (destination.type) {
    case "console":
      return consoleSender();
    case "webhook":
      return webhookSender(destination);
    case "alertmanager":
      return alertmanagerSender(destination);
    case "pagerduty": {
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

/** A promise that nobody listens to is a fault of ours; it must not cost the host its agent. */
function surviveRejections(logger: Logger): Disposable {
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    logger.error("process.unhandled_rejection", { error: event.reason });
  };
  globalThis.addEventListener("unhandledrejection", listener);
  return { [Symbol.dispose]: () => globalThis.removeEventListener("unhandledrejection", listener) };
}
