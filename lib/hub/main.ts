/** The hub as an executable: `pawl-hub [--listen 127.0.0.1:8080] [--token-file FILE] [--signing-key FILE]`. */
import { parseArgs } from "node:util";
import { printable, setUpLogging } from "../log.ts";
import { VERSION } from "../version.ts";
import type { HubEvent } from "./events.ts";
import { startHub } from "./server.ts";
import { SigningKey } from "./signing_key.ts";

const USAGE = `pawl-hub: takes agents in, and prints what they tell, one JSON object a line

Usage: pawl-hub [--listen HOST:PORT] [--token-file FILE] [--signing-key FILE]

  --listen      where to listen (default: 127.0.0.1:8080)
  --token-file  the token that agents must show; without it, every agent is let in
  --signing-key the private key that sessions are signed with, as pawl keygen writes it; without it, none is
`;

/** Runs until SIGTERM or SIGINT. @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  let flags;
  try {
    flags = parseArgs({
      args: [...args],
      options: {
        listen: { type: "string", default: "127.0.0.1:8080" },
        "token-file": { type: "string" },
        "signing-key": { type: "string" },
        help: { type: "boolean", short: "h", default: false },
        version: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error));
  }
  if (flags.help) {
    write(Deno.stdout, USAGE);
    return 0;
  }
  if (flags.version) {
    write(
      Deno.stdout,
      `pawl-hub ${VERSION} (deno ${Deno.version.deno}, ${Deno.build.os} ${Deno.build.arch})\n`,
    );
    return 0;
  }
  const [, host = "", port = ""] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(flags.listen) ?? [];
  if (host === "" || Number(port) > 65_535) {
    return complain(`--listen must be HOST:PORT, it is ${flags.listen}`);
  }
  const file = flags["token-file"];
  const token = file === undefined ? undefined : (await Deno.readTextFile(file)).trim();
  if (token === "") return complain(`${file} is empty; write the token into it`);
  let signingKey: SigningKey | undefined;
  try {
    const keyFile = flags["signing-key"];
    if (keyFile !== undefined) signingKey = SigningKey.fromPem(await Deno.readTextFile(keyFile));
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error));
  }
  await using _logging = setUpLogging({
    level: "info",
    format: "json",
    secrets: token === undefined ? [] : [token],
  });
  const stop = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => stop.resolve());
  await using hub = await startHub({
    hostname: host.replaceAll(/[[\]]/g, ""),
    port: Number(port),
    ...(token !== undefined && { token }),
    signingKey,
    onEvent: (event: HubEvent) => write(Deno.stdout, `${JSON.stringify(event)}\n`),
  });
  write(Deno.stderr, `listening on ${hub.address}\n`);
  await stop.promise;
  return 0;
}

function complain(what: string): number {
  write(Deno.stderr, `pawl-hub: ${printable(what)}; see pawl-hub --help\n`);
  return 2;
}

/** A file that cannot be read, an address that cannot be had: one line, no stack. */
async function reportingFailure(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    write(Deno.stderr, `pawl-hub: ${printable(error instanceof Error ? error.message : String(error))}\n`);
    return 1;
  }
}

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
}

if (import.meta.main) Deno.exit(await reportingFailure(() => main(Deno.args)));
