/** `pawl keygen`: a key that a hub signs sessions with. */
import { resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { ConfigError } from "../config/config_error.ts";
import { reasonOf } from "../config/read_file.ts";
import type { CliContext } from "./command.ts";

/** See `CommandFactory`. */
export function command(context: CliContext) {
  return new Command("keygen")
    .description(
      "Make a key that a hub signs sessions with; print the line by which agents trust it ([remote] trusted_keys)",
    )
    .option("--out <file>", "where the private key goes; a file that exists is left alone", "pawl-hub.key")
    .action(async ({ out }) => {
      const { SigningKey } = await import("../hub/signing_key.ts");
      const { printable } = await import("../log.ts");
      const path = resolve(Deno.cwd(), out);
      const key = SigningKey.generate();
      await writeNew(path, key.toPem());
      context.err(`wrote the private key to ${printable(path)}: give it to the hub, and to nobody else\n`);
      context.out(`${key.publicLine}\n`);
    });
}

/** Writes a file that only its owner can read; all of it, or none. */
async function writeNew(path: string, text: string): Promise<void> {
  let isOurs = false;
  try {
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    isOurs = true;
    const bytes = new TextEncoder().encode(text);
    for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
    await file.sync();
  } catch (error) {
    if (isOurs) await Deno.remove(path).catch(() => {});
    throw new ConfigError(
      `cannot write the private key to ${path}: ${reasonOf(error)}; name another file with --out`,
      { cause: error },
    );
  }
}
