/** `pawl run`: the agent itself. */
import { Command } from "@commander-js/extra-typings";
import { getLogger, type Logger } from "@logtape/logtape";
import { Agent, configuredChecks, SessionLimiter } from "../agent.ts";
import { ConfigError } from "../config/config_error.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { openStateDir, resolveStateDir } from "../config/state_dir.ts";
import { setUpLogging } from "../log.ts";
import { VERSION } from "../version.ts";
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
      const { token, url } = config.server;
      if (url === undefined) {
        throw new ConfigError(
          `cannot run: no control server is named, ${
            config.file === undefined ? "and there is no configuration file" : `not in ${config.file} either`
          }; set [server] address or use --server`,
        );
      }
      const { level, format } = config.log;
      await using _logging = setUpLogging({ level, format, secrets: token === undefined ? [] : [token] });
      const path = resolveStateDir({
        flag: flags.stateDir,
        config: config.stateDir,
        env: Deno.env,
        uid: Deno.uid(),
        cwd: Deno.cwd(),
      });
      using stop = stopOnSignal({ logger: getLogger(["pawl", "run"]) });
      await using state = await openStateDir(path);
      await runAgent(config, url, state.agentId, stop.signal);
    });
}

async function runAgent(config: Config, url: URL, agentId: string, stop: AbortSignal): Promise<void> {
  const logger = getLogger(["pawl", "run"]);
  for (const warning of config.warnings) logger.warn("config.warning", { warning });
  ignoreProxyVariables(logger);
  const agent = new Agent({
    address: url,
    agentId,
    token: config.server.token,
    caCerts: config.server.caCerts,
    labels: config.labels,
    alertBufferSize: config.server.alertBufferSize,
    checks: (host, clock) => configuredChecks(config.checks, host, clock),
    limiter: new SessionLimiter({ limit: config.remote.maxSessions }),
    chatIdleMs: config.remote.chatIdleTimeoutMs,
  });
  using _net = surviveRejections(logger);
  logger.info("agent.started", { version: VERSION, agentId, hub: url.host, config: config.file ?? "none" });
  await agent.run(stop);
  logger.info("agent.stopped", {});
}

const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

/**
 * The runtime's HTTP client obeys these variables even where the sandbox does not allow the proxy's address. Whoever
 * can set the environment must not be able to lead the connection, and the token, elsewhere.
 */
function ignoreProxyVariables(logger: Logger): void {
  for (const name of PROXY_VARIABLES) {
    try {
      if (Deno.env.get(name) === undefined) continue;
      Deno.env.delete(name);
      logger.warn("config.proxy_variable_ignored", { name });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      logger.debug("config.proxy_variable_hidden", { name });
    }
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
