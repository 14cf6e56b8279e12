/** Real executables, made once for all tests of a run: what `deno task compile` makes of this tree. */
import { dirname, join } from "node:path";
import { REPOSITORY } from "../cli/pawl_process.ts";

/** A compiler and its base runtime. */
export interface BaseRuntime {
  /** The version of both. */
  readonly version: string;
  /** What `deno task compile` has to find in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The base runtime itself, where it is known. */
  readonly path: string | undefined;
}

const HELPER = decodeURIComponent(new URL("../shared/tools/denort", REPOSITORY).pathname);

/**
 * Where executables can be made from here: the pair that the environment names, else the one that the helper next to
 * the repository provides. Undefined, with the reason, where there is none: Deno's download host may be out of reach.
 */
export async function findBaseRuntime(): Promise<BaseRuntime | { readonly missing: string }> {
  const named = Deno.env.get("DENORT_BIN");
  if (named !== undefined) return await runtimeOf(Deno.env.get("DENO_FOR_COMPILE"), named);
  let result: Deno.CommandOutput;
  try {
    result = await new Deno.Command(HELPER).output();
  } catch {
    return { missing: `no DENORT_BIN is set, and there is no ${HELPER}` };
  }
  const said = new TextDecoder().decode(result.stdout);
  const variable = (name: string) => new RegExp(`^export ${name}=(.+)$`, "m").exec(said)?.[1];
  const [compiler, path] = [variable("DENO_FOR_COMPILE"), variable("DENORT_BIN")];
  if (!result.success || path === undefined) {
    return { missing: `${HELPER} failed: ${new TextDecoder().decode(result.stderr).trim()}` };
  }
  return await runtimeOf(compiler, path);
}

async function runtimeOf(compiler: string | undefined, path: string): Promise<BaseRuntime> {
  const { stdout } = await new Deno.Command(compiler || Deno.execPath(), { args: ["--version"] }).output();
  const version = /^deno (\S+)/.exec(new TextDecoder().decode(stdout))?.[1] ?? "unknown";
  return { version, path, env: { DENORT_BIN: path, ...(compiler && { DENO_FOR_COMPILE: compiler }) } };
}

/** What `deno task compile` said. */
export interface CompileOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `deno task compile` with `args`. */
export async function compile(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CompileOutcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=compile", "tools/compile.ts", ...args],
    cwd: REPOSITORY,
    env: { DENO_NO_UPDATE_CHECK: "1", ...env },
  }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** Compiles one plain script with the base runtime: what an executable costs that does nothing of ours. */
export async function compilePlain(
  script: string,
  output: string,
  { env }: BaseRuntime,
): Promise<void> {
  const folder = dirname(output);
  const source = join(folder, `${crypto.randomUUID()}.js`);
  await Deno.writeTextFile(source, script);
  await Deno.writeTextFile(join(folder, "deno.json"), "{}");
  const { success, stderr } = await new Deno.Command(env["DENO_FOR_COMPILE"] ?? Deno.execPath(), {
    args: ["compile", "-q", "--no-prompt", "--no-code-cache", "--allow-net", `--output=${output}`, source],
    cwd: folder,
    env: { DENO_NO_UPDATE_CHECK: "1", ...env },
  }).output();
  if (!success) throw new Error(`cannot compile ${source}: ${new TextDecoder().decode(stderr)}`);
}
