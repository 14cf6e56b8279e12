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
      // Whoever sits at the terminal is not to be asked for more, either.
      if (format === "flags") {
        context.out(`${["--no-prompt", ...permissionFlags(grants, { runtime })].join(" ")}\n`);
      } else if (format === "deno.json") {
        const permissions = { pawl: permissionSet(grants, { runtime }) };
        context.out(`${JSON.stringify({ permissions }, undefined, 2)}\n`);
      } else context.out(await explained(grants, config.file));
    });
}

async function explained(grants: readonly Grant[], file: string | undefined): Promise<string> {
  const [{ dotted, lineOf, parseToml }, { printable }] = await Promise.all([
    import("../config/toml.ts"),
    import("../log.ts"),
  ]);
  const text = file === undefined ? "" : await Deno.readTextFile(file);
  const document = parseToml(text);
  const rows = grants.map((grant) => {
    const value = grant.value ?? "everything";
    const setting = askingKey(grant, document);
    if (setting === undefined) return [grant.kind, value, `every agent: ${grant.why}`] as const;
    const line = lineOf(text, setting);
    const place = line === undefined ? "by default" : `${file}:${line}`;
    return [grant.kind, value, `${place}: ${dotted(setting)}: ${grant.why}`] as const;
  });
  const width = Math.max(...rows.map(([, value]) => value.length));
  const lines = rows.map(([kind, value, because]) =>
    printable(`${kind.padEnd(5)}  ${value.padEnd(width)}  ${because}`)
  );
  const none = grants.some(({ kind }) => kind === "run") ? [] : ["run    none"];
  return `${[...lines, ...none, "ffi    never"].join("\n")}\n`;
}

/** The key itself, where a whole table asks and one of its keys has what is asked for. */
function askingKey({ setting, value = "" }: Grant, document: unknown): Grant["setting"] {
  let table: unknown = document;
  for (const step of setting ?? []) {
    if (typeof table !== "object" || table === null) return setting;
    table = (table as Record<PropertyKey, unknown>)[step];
  }
  if (setting === undefined || typeof table !== "object" || table === null || Array.isArray(table)) {
    return setting;
  }
  const [host = value] = /^[^/]+(?=:\d+$)/.exec(value) ?? [];
  const wanted = [value, value.replace(/^unix:/, ""), value.replace(/\.1$/, ""), host];
  for (const part of wanted) {
    const key = Object.entries(table).find(([, written]) => JSON.stringify(written)?.includes(part))?.[0];
    if (key !== undefined) return [...setting, key];
  }
  return setting;
}
