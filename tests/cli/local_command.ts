import { REPOSITORY } from "./pawl_process.ts";

/** What a process came to. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Options of {@linkcode runLocalCommand}. */
export interface LocalCommandOptions {
  /** Given on stdin. @default nothing */
  stdin?: string | Uint8Array;
  env?: Readonly<Record<string, string>>;
  /** The working folder. @default the repository */
  cwd?: string;
  /** Instead of the permission set `agent`. */
  permissions?: readonly string[];
}

/** Runs `emit` or `status` as a process of its own, with the permissions that the executable has. */
export async function runLocalCommand(
  command: "emit" | "status",
  args: readonly string[],
  { stdin = "", env = {}, cwd, permissions = ["-P=agent"] }: LocalCommandOptions = {},
): Promise<Ended> {
  const at = (path: string) => new URL(path, REPOSITORY).pathname;
  const script = `import { runCommand } from ${JSON.stringify(at("lib/cli/command.ts"))};
    import { command } from ${JSON.stringify(at(`lib/cli/${command}.ts`))};
    Deno.exit(await runCommand(command, Deno.args));`;
  const entry = await Deno.makeTempFile({ prefix: "pawl-test-", suffix: ".ts" });
  try {
    await Deno.writeTextFile(entry, script);
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-prompt", "--config", at("deno.json"), ...permissions, entry, ...args],
      cwd: cwd ?? REPOSITORY,
      env: { DENO_NO_UPDATE_CHECK: "1", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const feeding = feed(process.stdin, typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin);
    const { code, stdout, stderr } = await process.output();
    await feeding;
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, out: text(stdout), err: text(stderr) };
  } finally {
    await Deno.remove(entry);
  }
}

/** A command that ends early leaves the rest unread. */
async function feed(stream: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  try {
    const writer = stream.getWriter();
    await writer.write(bytes);
    await writer.close();
  } catch {
    // It has ended.
  }
}
