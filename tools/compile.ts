/**
 * Makes the executables: `deno task compile [--config pawl.toml] [--state-dir DIR] [--target T] [--output FILE]`, and
 * `deno task compile:hub`.
 *
 * What is compiled is a bundle: `deno compile` would else embed every package of the lock file. It is split where the
 * code imports when it needs to, so that a start reads a part of it. The permissions are baked in; nobody can pass
 * others to the executable.
 *
 * `DENORT_BIN` names the base runtime where Deno's download host is out of reach; it must be of the version that
 * compiles, which is this one, or `DENO_FOR_COMPILE`.
 */
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ConfigError } from "../lib/config/config_error.ts";
import { loadConfig } from "../lib/config/load.ts";
import { generalGrants, type Grant, grantsFor, permissionFlags } from "../lib/config/permissions.ts";
import { resolveStateDir } from "../lib/config/state_dir.ts";

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);

/**
 * A small young generation keeps the heap small, for an agent has little to remember; what a burst leaves behind it has
 * collected itself.
 */
const V8_FLAGS = "--v8-flags=--min-semi-space-size=2,--max-semi-space-size=2,--expose-gc";

/** What can be compiled. */
export interface Product {
  /** The module that runs, from the root. */
  readonly entry: string;
  readonly output: string;
  readonly flags: (runtime: string) => Promise<string[]>;
}

/** Options of {@linkcode compile}. */
export interface CompileOptions {
  product: Product;
  output?: string | undefined;
  target?: string | undefined;
}

/** What came of it. */
export interface Compiled {
  readonly path: string;
  readonly bytes: number;
  readonly bundleBytes: number;
  /** Of the runtime in it. */
  readonly runtime: string;
  /** The permissions that were baked in. */
  readonly flags: readonly string[];
}

/** Bundles and compiles. @throws Error that says what to do */
export async function compile({ product, output, target }: CompileOptions): Promise<Compiled> {
  const compiler = Deno.env.get("DENO_FOR_COMPILE") || Deno.execPath();
  const runtime = await versionOf(compiler);
  const path = resolve(ROOT, output ?? product.output);
  const folder = await Deno.makeTempDir({ prefix: "pawl-compile-" });
  try {
    await run(Deno.execPath(), [
      "bundle",
      "-q",
      "--minify",
      "--platform=deno",
      "--code-splitting",
      `--outdir=${folder}`,
      product.entry,
    ], ROOT);
    const bundleBytes = await sizeOf(folder);
    // Else the project's own settings, and with them its lock file's packages, would come along.
    await Deno.writeTextFile(join(folder, "deno.json"), "{}");
    await Deno.mkdir(dirname(path), { recursive: true });
    const flags = await product.flags(runtime);
    await run(compiler, [
      "compile",
      "-q",
      "--no-prompt",
      "--no-code-cache", // it would be a file of a guessable name in a folder that everybody may write to
      V8_FLAGS,
      ...flags,
      ...target === undefined ? [] : [`--target=${target}`],
      `--output=${path}`,
      "main.js",
    ], folder);
    if (target === undefined) await tryOut(path, runtime);
    const { size: bytes } = await Deno.stat(path);
    return { path, bytes, bundleBytes, runtime, flags };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name } of Deno.readDir(folder)) bytes += (await Deno.stat(join(folder, name))).size;
  return bytes;
}

/** A base runtime of another version than the compiler's makes an executable that finds nothing in itself. */
async function tryOut(path: string, runtime: string): Promise<void> {
  let cause: unknown;
  const said = await run(path, ["--version"], ROOT).catch((error) => {
    cause = error;
    return "";
  });
  if (said.includes(`(deno ${runtime},`)) return;
  await Deno.remove(path);
  throw new Error(
    `cannot compile: what came of it does not run with the base runtime that it was given; let DENORT_BIN name the ` +
      `one of ${runtime}, which compiles, or set DENO_FOR_COMPILE and DENORT_BIN to a pair of one version`,
    { cause },
  );
}

async function versionOf(deno: string): Promise<string> {
  const [, version] = /^deno (\S+)/.exec(await run(deno, ["--version"], ROOT)) ?? [];
  if (version === undefined) {
    throw new Error(`cannot compile: ${deno} does not tell its version; set DENO_FOR_COMPILE`);
  }
  return version;
}

async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  let result: Deno.CommandOutput;
  try {
    result = await new Deno.Command(program, {
      args: [...args],
      cwd,
      env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    }).output();
  } catch (cause) {
    throw new Error(`cannot compile: ${program} cannot be run; look at DENO_FOR_COMPILE`, { cause });
  }
  const [out, err] = [result.stdout, result.stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (result.success) return out ?? "";
  // What follows is the runtime's own stack, which tells nobody anything.
  const told = (err ?? "").split(/\n\s*Stack backtrace:/, 1)[0]?.trim();
  throw new Error(
    `cannot compile: ${program} ${args[0]} ended with ${result.code}${hint(told ?? "")}\n${told}`,
  );
}

/** The one failure that everybody meets who builds off the net. */
function hint(stderr: string): string {
  if (!/denort|dl\.deno\.land|download/i.test(stderr)) return "";
  return "; the base runtime could not be downloaded: set DENORT_BIN to a base runtime of the same version " +
    "(denort, from the archive of a release), or DENO_FOR_COMPILE and DENORT_BIN to a pair of another version";
}

/** The agent, with what `config` needs; without one, with what a general agent needs. */
export function agentProduct(config: string | undefined, stateDir: string | undefined): Product {
  return {
    entry: "main.ts",
    output: "dist/pawl",
    flags: async (runtime) => permissionFlags(await agentGrants(config, stateDir), { runtime }),
  };
}

/** Where a service keeps its state: with a user of its own, systemd makes the one a link to the other. */
const SERVICE_FOLDERS = ["/var/lib/pawl", "/var/lib/private/pawl"];

async function agentGrants(path: string | undefined, flag: string | undefined): Promise<Grant[]> {
  const sources = { flag, env: Deno.env, uid: Deno.uid(), cwd: Deno.cwd() };
  if (path === undefined) return generalGrants([...new Set([...SERVICE_FOLDERS, resolveStateDir(sources)])]);
  const config = await loadConfig({ path, env: Deno.env, cwd: Deno.cwd(), stderrIsTerminal: false });
  return grantsFor(config, { stateDir: resolveStateDir({ ...sources, config: config.stateDir }) });
}

/** The hub: it listens, and keeps what it is told in memory. */
export function hubProduct(): Product {
  return {
    entry: "lib/hub/main.ts",
    output: "dist/pawl-hub",
    flags: () => Promise.resolve(["--allow-net", "--allow-read"]),
  };
}

function report({ path, bytes, bundleBytes, runtime, flags }: Compiled): string {
  const mib = (size: number) => `${(size / 1024 / 1024).toFixed(2)} MiB`;
  const base = Deno.env.get("DENORT_BIN");
  const over = base ? `, ${mib(bytes - Deno.statSync(base).size)} over its base runtime` : "";
  return [
    `${path}: ${mib(bytes)}${over}; ${mib(bundleBytes)} of it are ours; runtime ${runtime}`,
    "granted:",
    ...flags.map((flag) => `  ${flag}`),
    "",
  ].join("\n");
}

/** @returns the exit code: 2 where what was asked for is wrong, 1 where it could not be made */
async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        hub: { type: "boolean", default: false },
        config: { type: "string" },
        "state-dir": { type: "string" },
        target: { type: "string" },
        output: { type: "string" },
      },
    });
    const product = values.hub ? hubProduct() : agentProduct(values.config, values["state-dir"]);
    const made = await compile({ product, output: values.output, target: values.target });
    Deno.stdout.writeSync(new TextEncoder().encode(report(made)));
    return 0;
  } catch (error) {
    const isUsage = error instanceof TypeError || error instanceof ConfigError;
    const message = error instanceof Error ? error.message : String(error);
    const line = error instanceof TypeError ? `cannot compile: ${message}` : message;
    Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
    return isUsage ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
