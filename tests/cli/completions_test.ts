import assert from "node:assert/strict";
import { Argument, Command, Option } from "@commander-js/extra-typings";
import { completionsOf } from "../../lib/cli/completions.ts";
import { type CommandTable, runExecutable } from "../../lib/cli/executable.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { capture } from "./captured_context.ts";
import { pawl } from "./pawl_process.ts";
import { offered, type Shell, shellMissing } from "./shell_probe.ts";

const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];

/** Every kind of word; texts hold what means something to a shell. */
const TABLE: CommandTable = {
  run: {
    summary: 'It\'s $HOME `pwd` "quoted" \\ [1]: <all> *',
    load: () =>
      Promise.resolve({
        command: () =>
          new Command("run").description("Run")
            .option("--config <file>", "don't `exit 1`; $(exit 1): a \\ file")
            .option("-d, --dir <folder>", "where")
            .option("--name <text>", "whatever")
            .addOption(new Option("--format <format>", "how").choices(["json", "pretty"]))
            .option("-q, --quiet", "say nothing")
            .addOption(new Option("--secret", "not for everybody").hideHelp())
            .action(() => assert.fail("no command runs")),
      }),
  },
  keep: {
    summary: "Keep things",
    load: () =>
      Promise.resolve({
        command: () => {
          const keep = new Command("keep").description("Keep things");
          keep.command("list").description("List them").option("--json", "for programs");
          keep.command("open").description("Open one").addArgument(
            new Argument("<which>", "which").choices(["this", "that"]),
          );
          return keep;
        },
      }),
  },
  load: {
    summary: "Load",
    load: () =>
      Promise.resolve({ command: () => new Command("load").description("Load").argument("<file>") }),
  },
};

async function script(shell: Shell): Promise<string> {
  const { code, out, err } = await capture(completionsOf(TABLE).command, shell);
  assert.deepEqual([code, err], [0, ""]);
  return out;
}

const OPTIONS_OF_RUN = ["--config", "--dir", "--format", "--help", "--name", "--quiet"];

for (const shell of SHELLS) {
  const missing = shellMissing(shell);
  const why = missing === undefined ? "" : ` (skipped: ${missing})`;

  Deno.test({
    name: `${shell}: commands, their subcommands, options, values, files and folders are offered${why}`,
    ignore: missing !== undefined,
    async fn() {
      const text = await script(shell);
      const offers = async (line: string) => (await offered(shell, text, line)).sort();
      assert.deepEqual(await offers("pawl "), ["help", "keep", "load", "run"]);
      assert.deepEqual(await offers("pawl ke"), ["keep"]);
      assert.deepEqual((await offers("pawl keep ")).filter((word) => word !== "help"), ["list", "open"]);
      assert.deepEqual(await offers("pawl keep open "), ["that", "this"]);
      assert.deepEqual(await offers("pawl keep open tha"), ["that"]);
      assert.deepEqual(await offers("pawl keep list --j"), ["--json"]);
      assert.deepEqual(await offers("pawl help k"), ["keep"]);
      assert.deepEqual(await offers("pawl run --"), OPTIONS_OF_RUN);
      assert.deepEqual(await offers("pawl run --format "), ["json", "pretty"]);
      assert.deepEqual(await offers("pawl run --name x --format p"), ["pretty"]);
      // What follows an option that takes a value is that value, whatever it looks like.
      assert.deepEqual(await offers("pawl run --name keep --q"), ["--quiet"]);
      assert.deepEqual(await offers("pawl run --name "), []);
    },
  });

  Deno.test({
    name: `${shell}: a value after "=" is offered${why}`,
    ignore: missing !== undefined,
    async fn() {
      const words = await offered(shell, await script(shell), "pawl run --format=p");
      assert.deepEqual(words.map((word) => word.replace("--format=", "")), ["pretty"]);
    },
  });

  Deno.test({
    name: `${shell}: files where a file is meant, folders alone where a folder is${why}`,
    ignore: missing !== undefined,
    async fn() {
      await using folder = new TempFolder();
      folder.write("a.toml", "");
      await Deno.mkdir(`${folder.path}/abc`);
      const text = await script(shell);
      const names = async (line: string) =>
        (await offered(shell, text, line)).map((path) => path.replace(/\/$/, "").replace(/.*\//, "")).sort();
      assert.deepEqual(await names(`pawl run --config ${folder.path}/a`), ["a.toml", "abc"]);
      assert.deepEqual(await names(`pawl load ${folder.path}/a`), ["a.toml", "abc"]);
      assert.deepEqual(await names(`pawl run -d ${folder.path}/a`), ["abc"]);
      assert.deepEqual(await names(`pawl run --dir ${folder.path}/a`), ["abc"]);
    },
  });

  Deno.test({
    name: `${shell}: the executable's own script offers its commands, checks and tools${why}`,
    ignore: missing !== undefined,
    async fn() {
      const { code, out, err } = await pawl(["completions", shell]);
      assert.deepEqual([code, err], [0, ""]);
      const overview = (await pawl(["--help"])).out;
      const commands = [...overview.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name]) => name);
      assert.deepEqual((await offered(shell, out, "pawl ")).sort(), [...commands, "help"].sort());
      assert.deepEqual(await offered(shell, out, "pawl config ex"), ["example"]);
      assert.deepEqual(await offered(shell, out, "pawl check hosti"), ["hostident"]);
      assert.deepEqual(await offered(shell, out, "pawl tools run http_pr"), ["http_probe"]);
      assert.deepEqual(await offered(shell, out, "pawl permissions --format deno"), ["deno.json"]);
    },
  });
}

Deno.test("a shell that there are no completions for is refused with those there are", async () => {
  const { code, out, err } = await capture(completionsOf(TABLE).command, "tcsh");
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /'tcsh' is invalid .*bash, zsh, fish/);
});

Deno.test("the help says where to put the script", async () => {
  const result = { code: -1, out: "", err: "" };
  const table: CommandTable = {
    completions: { summary: "Print", load: () => Promise.resolve(completionsOf(table)) },
  };
  result.code = await runExecutable(table, ["completions", "--help"], {
    out: (text) => void (result.out += text),
    err: (text) => void (result.err += text),
    exitCode: 0,
  });
  assert.deepEqual([result.code, result.err], [0, ""]);
  for (const shell of SHELLS) assert.match(result.out, new RegExp(`pawl completions ${shell}`));
});
