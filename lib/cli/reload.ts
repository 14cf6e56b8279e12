/** Reading the configuration again while the agent runs. */
import type { Logger } from "@logtape/logtape";
import type { Agent } from "../agent.ts";
import { ConfigError } from "../config/config_error.ts";
import { compareGrants, type QueryPermission } from "../config/granted.ts";
import { grantsFor } from "../config/permissions.ts";
import type { Config } from "../config/config.ts";
import type { Logging } from "../log.ts";
import { addressOf, type AgentOptionsContext, difference } from "./agent_options.ts";

/** Options of {@linkcode Reloader}. */
export interface ReloaderOptions {
  /** What the agent runs with. */
  config: Config;
  context: AgentOptionsContext;
  /** Reads and checks the configuration; rejects where it is not valid. */
  load: () => Promise<Config>;
  agent: Pick<Agent, "reconfigure">;
  logging: Pick<Logging, "update">;
  logger: Logger;
  /** Asks the runtime about a permission. @default the runtime's own answer */
  query?: QueryPermission;
}

/**
 * Reads, checks, and only then changes anything: a configuration that is not valid, or that needs more of the sandbox
 * than this process was given, leaves all as it was, with one line in the log. One reload at a time; asked for during
 * one, another follows it.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  #config: Config;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** Resolves when the configuration as it is now has been looked at. Never rejects. */
  reload(): Promise<void> {
    if (this.#running !== undefined) this.#again = true;
    return this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    const { logger } = this.#options;
    do {
      this.#again = false;
      try {
        await this.#once();
      } catch (error) {
        logger.error("config.reload_refused", { error });
      }
    } while (this.#again);
    this.#running = undefined;
  }

  async #once(): Promise<void> {
    const { load, context, agent, logging, logger } = this.#options;
    const [before, after] = [this.#config, await load()];
    addressOf(after);
    this.#refuseGrowth(before, after);
    logging.update({ secrets: after.secrets });
    const { parts, changes, atNextStart } = await difference(before, after, context);
    await agent.reconfigure(changes);
    logging.update(after.log);
    this.#config = after;
    for (const warning of after.warnings) {
      if (!before.warnings.includes(warning)) logger.warn("config.warning", { warning });
    }
    if (atNextStart.length > 0) {
      logger.warn("config.counts_at_next_start", { keys: atNextStart.join(", ") });
    }
    logger.info("config.reloaded", { config: after.file ?? "none", changed: parts.join(", ") || "nothing" });
  }

  /** What the process lacks from the start is known already, and no reason to refuse. */
  #refuseGrowth(before: Config, after: Config): void {
    const { context: { stateDir }, query } = this.#options;
    const missing = (config: Config) => compareGrants(grantsFor(config, { stateDir }), query).missing;
    const known = new Set(missing(before));
    const more = missing(after).filter((line) => !known.has(line));
    if (more.length === 0) return;
    throw new ConfigError(
      `cannot reload: the configuration needs more than this process was given: ${more.join("; ")}; ` +
        "start it anew with these permissions",
    );
  }
}
