/** What the sandbox lacks or grants needlessly, told at the start. */
import type { Logger } from "@logtape/logtape";
import { compareGrants, type QueryPermission } from "../config/granted.ts";
import { grantsFor, type GrantsOptions } from "../config/permissions.ts";
import type { Config } from "../config/config.ts";

/** Options of {@linkcode reportSandbox}. */
export interface ReportSandboxOptions extends GrantsOptions {
  logger: Logger;
  /** Asks the runtime about a permission. @default the runtime's own answer */
  query?: QueryPermission;
}

/** One line for each permission that is missing, and one for each that is broader than what `config` needs. */
export function reportSandbox(config: Config, { stateDir, logger, query }: ReportSandboxOptions): void {
  const { missing, excess } = compareGrants(grantsFor(config, { stateDir }), query);
  for (const lack of missing) logger.error("sandbox.missing", { lack });
  for (const more of excess) logger.warn("sandbox.broader", { more });
}
