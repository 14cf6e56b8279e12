/** `pawl version` */
import { Command } from "@commander-js/extra-typings";
import { VERSION } from "../version.ts";
import type { CliContext } from "./command.ts";

/** Processors as the protocol names them. */
const archNames: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** See `CommandFactory`. */
export function command(context: CliContext) {
  return new Command("version")
    .description("Print the version of pawl and of the runtime under it")
    .option("--json", "as one JSON object")
    .action(({ json }) => {
      const { os } = Deno.build;
      const arch = archNames[Deno.build.arch] ?? Deno.build.arch;
      const deno = Deno.version.deno;
      context.out(
        json
          ? `${JSON.stringify({ version: VERSION, deno, os, arch })}\n`
          : `pawl ${VERSION} (deno ${deno}, ${os} ${arch})\n`,
      );
    });
}
