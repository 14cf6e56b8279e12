import assert from "node:assert/strict";
import { Command } from "@commander-js/extra-typings";
import { type CommandTable, runExecutable } from "../../lib/cli/executable.ts";
import { VERSION } from "../../lib/version.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { pawl } from "./pawl_process.ts";

let loaded: string[] = [];

function entry(name: string, summary: string): CommandTable[string] {
  return {
    summary,
    load() {
      loaded.push(name);
      return Promise.resolve({
        command: (context) =>
          new Command(name).option("--count <n>").argument("[word]").action((word, { count }) =>
            context.out(`${name} ${word ?? ""} ${count ?? ""}\n`)
          ),
      });
    },
  };
}

const TABLE: CommandTable = { run: entry("run", "Runs"), version: entry("version", "Tells the version") };

async function execute(...argv: string[]) {
  loaded = [];
  const result = { code: -1, out: "", err: "" };
  result.code = await runExecutable(TABLE, argv, {
    out: (text) => void (result.out += text),
    err: (text) => void (result.err += text),
    exitCode: 0,
  });
  return result;
}

Deno.test("a command gets the words after its name; no other command's module is loaded", async () => {
  assert.deepEqual(await execute("run", "now", "--count", "2"), { code: 0, out: "run now 2\n", err: "" });
  assert.deepEqual(loaded, ["run"]);
});

Deno.test("an overview goes to stderr with exit code 2 where no command is named, to stdout where it was asked for", async () => {
  const { code, out, err } = await execute();
  assert.deepEqual([code, out], [2, ""]);
  assert.match(
    err,
    /\nUsage: pawl <command> \[options\]\n[^]*\n {2}run {6}Runs\n {2}version {2}Tells the version\n/,
  );
  for (const asked of ["--help", "-h", "help"]) {
    assert.deepEqual(await execute(asked), { code: 0, out: err, err: "" });
  }
  assert.deepEqual(loaded, []);
});

Deno.test("help <command> is the command's --help; --version and -V are the version command", async () => {
  assert.deepEqual(await execute("help", "run"), await execute("run", "--help"));
  assert.match((await execute("help", "run")).out, /^Usage: pawl run \[options\]/);
  for (const asked of ["--version", "-V"]) assert.equal((await execute(asked)).out, "version  \n");
});

for (
  const [argv, line] of [
    [["rnu"], 'unknown command "rnu", did you mean run?'],
    [["frobnicate"], 'unknown command "frobnicate"'],
    [["help", "versoin"], 'unknown command "versoin", did you mean version?'],
    [[""], 'unknown command ""'],
    [["toString"], 'unknown command "toString"'],
    [["--server", "hub", "run"], 'unknown option "--server", a command comes first'],
    [["a\n\x1b[2Jb"], String.raw`unknown command "a\n\u001b[2Jb"`],
  ] as const
) {
  Deno.test(`${JSON.stringify(argv)} is one line, exit code 2, and nothing is loaded`, async () => {
    assert.deepEqual(await execute(...argv), { code: 2, out: "", err: `pawl: ${line}; see "pawl --help"\n` });
    assert.deepEqual(loaded, []);
  });
}

Deno.test("the executable itself: overview, help, version, and a command that is not there", async () => {
  const bare = await pawl([]);
  assert.deepEqual([bare.code, bare.out], [2, ""]);
  for (const name of ["run", "demo", "config", "version"]) {
    assert.match(bare.err, new RegExp(`\\n {2}${name} {2}`));
    const { code, out, err } = await pawl(["help", name]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, new RegExp(`^Usage: pawl ${name} \\[options\\]`));
  }
  assert.deepEqual(await pawl(["--help"]), { ...bare, code: 0, out: bare.err, err: "" });
  const version = await pawl(["--version"]);
  assert.equal(version.out, `pawl ${VERSION} (deno ${Deno.version.deno}, ${Deno.build.os} ${archName()})\n`);
  assert.deepEqual(JSON.parse((await pawl(["version", "--json"])).out), {
    version: VERSION,
    deno: Deno.version.deno,
    os: Deno.build.os,
    arch: archName(),
  });
  const wrong = await pawl(["rnu"]);
  assert.deepEqual([wrong.code, wrong.err], [
    2,
    'pawl: unknown command "rnu", did you mean run?; see "pawl --help"\n',
  ]);
});

Deno.test("the executable itself: what config example prints, config check and run accept", async () => {
  await using folder = new TempFolder();
  const example = await pawl(["config", "example"]);
  assert.deepEqual([example.code, example.err], [0, ""]);
  const path = folder.write("pawl.toml", example.out);
  assert.deepEqual(await pawl(["config", "check", "--config", path]), {
    code: 0,
    signal: null,
    out: `read ${path}\nok\n`,
    err: "",
  });
  const run = await pawl(["run", "--config", path]);
  assert.match(run.err, /^pawl: cannot run: no control server is named, [^\n]*\n$/);
});

function archName(): string {
  return Deno.build.arch === "x86_64" ? "amd64" : "arm64";
}
