import assert from "node:assert/strict";
import { command } from "../../lib/cli/keygen.ts";
import { SigningKey } from "../../lib/hub/mod.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { capture } from "./captured_context.ts";
import { PawlProcess } from "./pawl_process.ts";

Deno.test("keygen writes a private key that its owner alone can read, and prints the line to trust it by", async () => {
  await using folder = new TempFolder();
  const path = folder.at("hub.key");
  const { code, out, err } = await capture(command, "--out", path);
  assert.equal(code, 0);
  assert.equal(out, `${SigningKey.fromPem(Deno.readTextFileSync(path)).publicLine}\n`);
  assert.equal(err, `wrote the private key to ${path}: give it to the hub, and to nobody else\n`);
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
});

Deno.test("keygen leaves a file that exists alone, and one that a link leads to", async () => {
  await using folder = new TempFolder();
  const path = folder.write("hub.key", "precious");
  Deno.symlinkSync(folder.at("elsewhere"), folder.at("link"));
  for (const out of [path, folder.at("link")]) {
    const { code, out: printed, err } = await capture(command, "--out", out);
    assert.deepEqual([code, printed], [2, ""]);
    assert.match(
      err,
      /^pawl: cannot write the private key to [^\n]*: a file of that name is in the way; [^\n]*\n$/,
    );
  }
  assert.equal(Deno.readTextFileSync(path), "precious");
  assert.throws(() => Deno.lstatSync(folder.at("elsewhere")), Deno.errors.NotFound);
});

Deno.test("keygen says why a file cannot be written", async () => {
  await using folder = new TempFolder();
  const { code, out, err } = await capture(command, "--out", folder.at("none/hub.key"));
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^pawl: cannot write the private key to [^\n]*hub\.key: it does not exist; [^\n]*\n$/);
});

Deno.test("the hub's executable signs with the key, and an agent that trusts it answers", async () => {
  await using folder = new TempFolder();
  const path = folder.at("hub.key");
  const { out: line } = await capture(command, "--out", path);
  await using hub = PawlProcess.start(["--listen", "127.0.0.1:0", "--signing-key", path], {
    script: "lib/hub/main.ts",
    permissions: ["-A"],
  });
  await hub.wrote(/listening on ws:/);
  const address = /listening on (ws:\S+)/.exec(hub.err)?.[1] ?? "";
  const config = folder.write(
    "pawl.toml",
    `[server]\naddress = "${address}"\n[remote]\ntrusted_keys = [${JSON.stringify(line.trim())}]\n`,
  );
  await using agent = PawlProcess.start(["run", "--config", config, "--state-dir", folder.at("state")]);
  const { capabilities } = await agent.logged("link.registered");
  assert.match(String(capabilities), /\bsigned_sessions\b/);
  assert.ok(!hub.err.includes(Deno.readTextFileSync(path).split("\n")[1] ?? ""), "the key is in no log");
});

Deno.test("the hub's executable says in one line what is wrong with its key", async () => {
  await using folder = new TempFolder();
  const run = (path: string) =>
    PawlProcess.start(["--listen", "127.0.0.1:0", "--signing-key", path], {
      script: "lib/hub/main.ts",
      permissions: ["-A"],
    });
  await using wrong = run(folder.write("wrong.key", "s3cret"));
  const { code, err } = await wrong.ended();
  assert.equal(code, 2);
  assert.match(err, /^pawl-hub: cannot use the signing key: it is no private key in PEM; [^\n]*\n$/);
  await using missing = run(folder.at("none.key"));
  const second = await missing.ended();
  assert.equal(second.code, 2);
  assert.match(second.err, /^pawl-hub: [^\n]*none\.key[^\n]*\n$/);
});
