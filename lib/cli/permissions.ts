/** `pawl permissions`: what the sandbox has to grant for a configuration. */
import { Command, Option } from "@commander-js/extra-typings";
import type { Grant } from "../config/permissions.ts";
import type { CliContext } from "./command.ts";

/** See `CommandFactory`. */
export function command(context: CliContext) {
  return new Command("permissions")
    .description(
      "Print the permissions that an agent with this configuration needs: these, and nothing broader",
    )
    .option("--config <file>", "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .option("--state-dir <folder>", "where the agent will keep its state")
    .addOption(
      new Option("--format <format>", "how").choices(["flags", "deno.json", "explain"]).default(
        "explain" as const,
      ),
    )
    .option("--runtime <version>", "the version of the runtime that will be given them", Deno.version.deno)
    .action(async ({ config: path, stateDir, format, runtime }) => {
      const [{ loadConfig }, { resolveStateDir }, { grantsFor, permissionFlags, permissionSet }] =
        await Promise.all([
          import("../config/load.ts"),
          import("../config/state_dir.ts"),
          import("../config/permissions.ts"),
        ]);
      const cwd = Deno.cwd();
      const config = await loadConfig({ path, env: Deno.env, cwd, stderrIsTerminal: false });
      const folder = resolveStateDir({
        flag: stateDir,
        config: config.stateDir,
        env: Deno.env,
        uid: Deno.uid(),
        cwd,
      });
      const grants = grantsFor(config, { stateDir: folder });
      if (format === "flags") context.out(`${permissionFlags(grants, { runtime }).join(" ")}\n`);
      else if (format === "deno.json") {
        const permissions = { pawl: permissionSet(grants, { runtime }) };
        context.out(`${JSON.stringify({ permissions }, undefined, 2)}\n`);
      } else context.out(await explained(grants, config.file));
    });
}

async function explained(grants: readonly Grant[], file: string | undefined): Promise<string> {
  const [{ dotted }, { lineOf }, { printable }] = await Promise.all([
    import("../config/problem.ts"),
    import("../config/toml.ts"),
    import("../log.ts"),
  ]);
  const text = file === undefined ? "" : await Deno.readTextFile(file);
  const rows = grants.map(({ kind, value, setting, why }) => {
    if (setting === undefined) return [kind, value ?? "everything", `every agent: ${why}`];
    const line = lineOf(text, setting);
    const place = file === undefined || line === undefined
      ? dotted(setting)
      : `${file}:${line}: ${dotted(setting)}`;
    return [kind, value ?? "everything", `${place}: ${why}`];
  });
  const width = Math.max(...rows.map(([, value = ""]) => value.length));
  const lines = rows.map(([kind = "", value = "", because = ""]) =>
    printable(`${kind.padEnd(5)}  ${value.padEnd(width)}  ${because}`)
  );
  const none = grants.some(({ kind }) => kind === "run") ? [] : ["run    none"];
  return `${[...lines, ...none, "ffi    never"].join("\n")}\n`;
}
