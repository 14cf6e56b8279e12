/** `pawl run`: the agent itself. */
import { Command } from "@commander-js/extra-typings";
import { getLogger, type Logger } from "@logtape/logtape";
import { Agent } from "../agent/agent.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/config.ts";
import { openStateDir, resolveStateDir, type StateDir } from "../config/state_dir.ts";
import { type Logging, setUpLogging } from "../log.ts";
import { onceDone } from "../once.ts";
import { VERSION } from "../version.ts";
import { addressOf, agentOptions, type AgentOptionsContext } from "./agent_options.ts";
import { relieveMemory } from "./memory_relief.ts";
import { ignoreProxyVariables } from "./proxy_variables.ts";
import type { Reloader } from "./reload.ts";
import { reloadOnSignal, stopOnSignal } from "./signals.ts";

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
      const load = () =>
        loadConfig({
          path: flags.config,
          flags,
          env: Deno.env,
          cwd: Deno.cwd(),
          stderrIsTerminal: Deno.stderr.isTerminal(),
        });
      const config = await load();
      addressOf(config);
      const { level, format } = config.log;
      await using logging = setUpLogging({ level, format, secrets: config.secrets });
      const path = resolveStateDir({
        flag: flags.stateDir,
        config: config.stateDir,
        env: Deno.env,
        uid: Deno.uid(),
        cwd: Deno.cwd(),
      });
      using stop = stopOnSignal({ logger: getLogger(["pawl", "run"]) });
      // From the beginning on: a signal that nobody listens to would end the process.
      const reloader = Promise.withResolvers<() => Promise<Reloader>>();
      using _hangup = reloadOnSignal(() =>
        void reloader.promise.then(async (loaded) => await (await loaded()).reload())
          .catch((error) => getLogger(["pawl", "run"]).error("config.reload_refused", { error }))
      );
      await using state = await openStateDir(path);
      await runAgent({ config, load, logging, state, stop: stop.signal, onReloader: reloader.resolve });
    });
}

interface RunAgentOptions {
  config: Config;
  load: () => Promise<Config>;
  logging: Logging;
  state: StateDir;
  stop: AbortSignal;
  /** Told how to get what reloads, once there is something to. */
  onReloader: (reloader: () => Promise<Reloader>) => void;
}

async function runAgent(options: RunAgentOptions): Promise<void> {
  const { config, load, logging, state, stop, onReloader } = options;
  const { agentId } = state;
  const logger = getLogger(["pawl", "run"]);
  for (const warning of config.warnings) logger.warn("config.warning", { warning });
  for (const name of ignoreProxyVariables()) logger.warn("config.proxy_variable_ignored", { name });
  const context: AgentOptionsContext = {
    stateDir: state.path,
    onCredentials: ({ token }) => logging.update({ secrets: token === undefined ? [] : [token] }),
    senders: new Map(),
  };
  const tried = Promise.withResolvers<void>();
  const agent = new Agent({
    ...await agentOptions(config, context),
    onEvent: ({ type }) => {
      if (type !== "connecting") tried.resolve();
    },
    agentId,
    stateDir: state.path,
    queue: config.queue,
    alertBufferSize: config.server.alertBufferSize,
  });
  onReloader(onceDone(async () => {
    const { Reloader } = await import("./reload.ts");
    return new Reloader({ config, context, load, agent, logging, logger });
  }));
  using _net = surviveRejections(logger);
  using _relief = relieveMemory({ logger });
  logger.info("agent.started", {
    version: VERSION,
    agentId,
    hub: addressOf(config).host,
    config: config.file ?? "none",
  });
  // Looking takes a moment: the hub comes first, or the failure to reach it.
  void tried.promise.then(async () => {
    const { reportSandbox } = await import("./sandbox_report.ts");
    if (!stop.aborted) reportSandbox(config, { stateDir: state.path, logger });
  }).catch((error) => logger.error("sandbox.not_compared", { error }));
  await agent.run(stop);
  logger.info("agent.stopped", {});
}

/**
 * A promise that nobody listens to is a fault of ours; it must not cost the host its agent. After an exception that
 * nobody catches nothing can be relied upon: the agent ends, but its last words are the log's, which shows no secret.
 */
function surviveRejections(logger: Logger): Disposable {
  const listeners = new AbortController();
  const { signal } = listeners;
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    logger.error("process.unhandled_rejection", { error: event.reason });
  }, { signal });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    logger.error("process.uncaught_exception", { error: event.error });
    Deno.exit(1);
  }, { signal });
  return { [Symbol.dispose]: () => listeners.abort() };
}
