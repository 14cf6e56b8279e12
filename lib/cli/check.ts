/** `pawl check`: what the checks find now. */
import { Command } from "@commander-js/extra-typings";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/config_error.ts";
import type { CliContext } from "./command.ts";

/** See `CommandFactory`. */
export function command(context: CliContext) {
  return new Command("check")
    .description("Let the checks look once, and show what they find; exit code 0 whatever that is")
    .argument("[name...]", "which checks (default: those that `pawl run` would run)")
    .option("--json", "one array of the events that this would raise, those that say Ok included")
    .option("--config <file>", "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .option("--state-dir <folder>", "where the agent keeps its identity, if it has one")
    .action(async (names, { json, config: path, stateDir }) => {
      const [
        { loadConfig },
        { configuredChecks },
        { lookOnce },
        { openHost },
        { systemClock },
        { progress },
      ] = await Promise.all([
        import("../config/load.ts"),
        import("../checks/configured.ts"),
        import("../checks/one_look.ts"),
        import("../host/open_host.ts"),
        import("../clock.ts"),
        import("./progress.ts"),
      ]);
      const config = await loadConfig({
        path,
        env: Deno.env,
        cwd: Deno.cwd(),
        stderrIsTerminal: Deno.stderr.isTerminal(),
      });
      const { ignoreProxyVariables } = await import("./proxy_variables.ts");
      ignoreProxyVariables();
      const clock = systemClock;
      const host = await openHost({ ...config.host, clock });
      const checks = configuredChecks(await chosen(config.checks, names), { host, clock }, config.secrets);
      using shown = progress(context, `looking: ${checks.length} checks`);
      let done = 0;
      const looks = await lookOnce(checks, {
        clock,
        onDone: () => shown.update(`looking: ${++done} of ${checks.length} checks`),
      }, new AbortController().signal);
      shown[Symbol.dispose]();
      const view = await import("./check_view.ts");
      if (json) {
        const labels = { ...config.labels, ...await identity(config, stateDir) };
        context.out(view.checkEvents(looks, { labels, timeSec: clock.wallMs() / 1000 }));
      } else {
        context.out(view.checkTable(looks));
      }
    });
}

/** The configured instances of these checks; one that is not configured is run with its defaults. */
async function chosen(configured: Config["checks"], names: readonly string[]): Promise<Config["checks"]> {
  if (names.length === 0) return configured;
  const [{ checkEntries }, { checkSchema }, { CHECKS }, { nearestName }] = await Promise.all([
    import("../config/check_entries.ts"),
    import("../config/check_schema.ts"),
    import("../checks/registry.ts"),
    import("../tools/suggest.ts"),
  ]);
  const known = CHECKS.map(({ plugin }) => plugin);
  return [...new Set(names)].flatMap((name) => {
    if (!known.includes(name)) {
      const nearest = nearestName(name, known);
      throw new ConfigError(
        `cannot run the check ${JSON.stringify(name)}: there is none${
          nearest === undefined ? ";" : `, did you mean ${nearest}?`
        } known are ${known.join(", ")}`,
      );
    }
    const instances = configured.filter(({ plugin }) => plugin === name);
    if (instances.length > 0) return instances;
    const defaults = checkSchema().safeParse({ [name]: [{}] });
    if (defaults.success) return checkEntries(defaults.data);
    const keys = defaults.error.issues.map(({ path }) => path.at(-1)).filter((key) =>
      typeof key === "string"
    );
    const missing = keys.length === 0 ? "" : `: it needs ${[...new Set(keys)].join(", ")}`;
    throw new ConfigError(
      `cannot run the check ${name} without a configuration${missing}; add [[check.${name}]] to the file`,
    );
  });
}

/** The label that tells agents apart, where this host has one. */
async function identity(config: Config, flag: string | undefined): Promise<Record<string, string>> {
  const [{ readAgentId }, { resolveStateDir }] = await Promise.all([
    import("../config/agent_id.ts"),
    import("../config/state_dir.ts"),
  ]);
  try {
    const folder = resolveStateDir({
      flag,
      config: config.stateDir,
      env: Deno.env,
      uid: Deno.uid(),
      cwd: Deno.cwd(),
    });
    const agentId = await readAgentId(folder);
    return agentId === undefined ? {} : { from_agent: agentId };
  } catch {
    return {}; // no agent has run here, or its folder is not for everybody to read
  }
}
