import { say } from "../faults/say.ts";
import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { PawlProcess } from "../cli/pawl_process.ts";
import { until } from "../fakes/until.ts";
import { compile, findBaseRuntime } from "./compiled.ts";

const base = await findBaseRuntime();
const ignore = "missing" in base;
const env = ignore ? {} : base.env;

Deno.test({
  name:
    "without a configuration: any host, no program, one folder to write; less than 2 MiB over the base runtime",
  ignore,
  async fn() {
    await using folder = new TempFolder();
    const output = folder.at("pawl");
    const { code, out, err } = await compile(["--output", output, "--state-dir", folder.at("state")], env);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^.*: \d+\.\d+ MiB, \d\.\d+ MiB over its base runtime; .*; runtime \d/);
    assert.match(out, /\n {2}--allow-net\n/);
    assert.match(out, new RegExp(`\n {2}--allow-write=.*${folder.at("state")}\n`));
    assert.doesNotMatch(out, /--allow-(?:run|ffi|all|import)|--allow-(?:read|write|env|sys)\n/);
    const { size } = await Deno.stat(output);
    const bare = !ignore && base.path !== undefined ? (await Deno.stat(base.path)).size : 0;
    say(`${((size - bare) / 2 ** 20).toFixed(2)} MiB over the base runtime`);
    assert.ok(bare === 0 || size - bare < 2 * 2 ** 20);
  },
});

Deno.test({
  name: "what it prints it grants: the executable says so itself",
  ignore,
  async fn() {
    await using folder = new TempFolder();
    const config = folder.write(
      "pawl.toml",
      `state_dir = "${folder.at("state")}"\n[server]\naddress = "hub.example.com"\n`,
    );
    const output = folder.at("pawl");
    const { out } = await compile(["--config", config, "--output", output], env);
    const granted = out.split("granted:\n")[1]?.trim().split(/\s+/).join(" ");
    await using process = PawlProcess.start(["permissions", "--config", config, "--format", "flags"], {
      executable: output,
    });
    assert.equal((await process.ended()).out, `--no-prompt ${granted}\n`);
  },
});

Deno.test({
  name: "the hub as an executable takes agents in and stops in order",
  ignore,
  async fn() {
    await using folder = new TempFolder();
    const output = folder.at("pawl-hub");
    const made = await compile(["--hub", "--output", output], env);
    assert.deepEqual([made.code, made.err], [0, ""]);
    assert.doesNotMatch(made.out, /--allow-(?:write|run|env|sys|ffi)/);
    await using hub = PawlProcess.start(["--listen", "127.0.0.1:0"], { executable: output });
    await hub.wrote(/listening on ws:\/\/127\.0\.0\.1:\d+/);
    const [address = ""] = /ws:\/\/127\.0\.0\.1:\d+/.exec(hub.err) ?? [];
    const agent = ["run", "--server", address, "--state-dir", folder.at("state")];
    await using process = PawlProcess.start(agent);
    await until("the agent is in", () => hub.out.includes("agent_registered"));
    process.kill("SIGTERM");
    await process.ended();
    hub.kill("SIGTERM");
    assert.equal((await hub.ended()).code, 0);
    await using wrong = PawlProcess.start(["--token-file", folder.at("none")], { executable: output });
    const { code, err } = await wrong.ended();
    assert.equal(code, 1);
    assert.match(err, /^pawl-hub: [^\n]*none[^\n]*\n$/);
  },
});

Deno.test("where the base runtime cannot be had the message says what to do", async () => {
  await using folder = new TempFolder();
  const { code, out, err } = await compile(["--output", folder.at("pawl")], {
    DENORT_BIN: folder.at("denort"),
    DENO_FOR_COMPILE: "",
  });
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /^cannot compile: .*DENORT_BIN/);
  assert.doesNotMatch(err, /Stack backtrace/);
});

Deno.test({
  name: "a base runtime of another version than the compiler's is told, and nothing is left behind",
  ignore: ignore || base.version === Deno.version.deno,
  async fn() {
    await using folder = new TempFolder();
    const output = folder.at("pawl");
    const { code, err } = await compile(["--output", output], { ...env, DENO_FOR_COMPILE: "" });
    assert.equal(code, 1);
    assert.match(err, /^cannot compile: .*set DENO_FOR_COMPILE and DENORT_BIN to a pair of one version\n$/);
    await assert.rejects(Deno.stat(output), Deno.errors.NotFound);
  },
});

Deno.test("an option that there is none of, and a configuration that is wrong, are one line each", async () => {
  await using folder = new TempFolder();
  const config = folder.write("pawl.toml", "[sever]\n");
  for (
    const [args, message] of [[["--nope"], /^cannot compile: .*--nope/], [
      ["--config", config],
      /^cannot load .*sever/,
    ]] as const
  ) {
    const { code, err } = await compile(args, {});
    assert.equal(code, 2);
    assert.match(err, message);
    assert.equal(err.trimEnd().split("\n").length, 1);
  }
});
