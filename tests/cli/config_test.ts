import assert from "node:assert/strict";
import { command } from "../../lib/cli/config.ts";
import { EXAMPLE } from "../../lib/config/example.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { capture } from "./captured_context.ts";

Deno.test("config check names the file, its warnings, and says ok", async () => {
  await using folder = new TempFolder();
  const path = folder.write("pawl.toml", "[[check.cpu]]\nwarn_ge = 95\n");
  assert.deepEqual(await capture(command, "check", "--config", path), {
    code: 0,
    out: `read ${path}\nwarning: check.cpu: warn_ge 95 is above critical_ge 90: it will never show\nok\n`,
    err: "",
  });
});

Deno.test("config check tells of a wrong file in one line and ends with 2", async () => {
  await using folder = new TempFolder();
  const path = folder.write("pawl.toml", '[server]\nadress = "hub"\n');
  assert.deepEqual(await capture(command, "check", "--config", path), {
    code: 2,
    out: "",
    err: `pawl: cannot load ${path}:2: unknown key "adress" in [server]; did you mean "address"?\n`,
  });
  const gone = await capture(command, "check", "--config", folder.at("gone.toml"));
  assert.equal(gone.code, 2);
  assert.match(
    gone.err,
    /^pawl: cannot read the configuration [^\n]*gone\.toml: it does not exist; [^\n]*\n$/,
  );
});

Deno.test("config example prints a file that config check accepts", async () => {
  const { code, out, err } = await capture(command, "example");
  assert.deepEqual([code, out, err], [0, EXAMPLE, ""]);
  await using folder = new TempFolder();
  const path = folder.write("pawl.toml", out);
  assert.equal((await capture(command, "check", "--config", path)).out, `read ${path}\nok\n`);
});

Deno.test("config migrate prints the configuration, and on stderr what could not be kept", async () => {
  await using folder = new TempFolder();
  const path = folder.write("config.toml", '[server]\naddress = "h:1"\nfoo = 1\n[ai]\nenabled = true\n');
  const { code, out, err } = await capture(command, "migrate", path);
  assert.equal(code, 0);
  assert.match(out, /^\[server\]\naddress = "ws:\/\/h:1"$/m);
  assert.match(err, /^no counterpart:\n {2}\S*config\.toml:4: ai: .*\n {2}\S*config\.toml:3: server\.foo\n/);
  assert.match(err, /^changed in meaning:\n {2}\S*config\.toml:2: server\.address: /m);
});

Deno.test("config migrate of what is not there, or no TOML, is one line and exit code 2", async () => {
  await using folder = new TempFolder();
  const gone = await capture(command, "migrate", folder.at("gone.toml"));
  assert.equal(gone.code, 2);
  assert.match(
    gone.err,
    /^pawl: cannot read \S*gone\.toml: it does not exist; name catpaw's config\.toml\n$/,
  );
  const broken = await capture(command, "migrate", folder.write("config.toml", "a = \n"));
  assert.equal(broken.code, 2);
  assert.match(broken.err, /^pawl: cannot read \S*config\.toml:1:\d+: [^\n]*; mend the syntax\n$/);
});

Deno.test("config without a subcommand, or with a wrong one, is one line and exit code 2", async () => {
  assert.deepEqual(await capture(command), {
    code: 2,
    out: "",
    err: 'pawl: a subcommand is missing; see "pawl config --help"\n',
  });
  const wrong = await capture(command, "exampel");
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.err,
    /^pawl: unknown command 'exampel' \(Did you mean example\?\); see "pawl config --help"\n$/,
  );
});

Deno.test("as a process: output on stdout, a wrong flag on stderr with exit code 2, a closed pipe is no error", async () => {
  await using folder = new TempFolder();
  const url = (path: string) => JSON.stringify(new URL(`../../lib/cli/${path}`, import.meta.url).href);
  const script = folder.write(
    "entry.ts",
    `import { runCommand } from ${url("command.ts")};
     import { command } from ${url("config.ts")};
     Deno.exit(await runCommand(command, Deno.args));`,
  );
  const run = (...argv: string[]) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--allow-read",
        "--config",
        new URL("../../deno.json", import.meta.url).pathname,
        script,
        ...argv,
      ],
      cwd: folder.path,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { DENO_NO_UPDATE_CHECK: "1" },
    });
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const good = await run("example").output();
  assert.deepEqual([good.code, text(good.stdout), text(good.stderr)], [0, EXAMPLE, ""]);
  const bad = await run("check", "--nonsense").output();
  assert.deepEqual([bad.code, text(bad.stdout)], [2, ""]);
  assert.match(text(bad.stderr), /^pawl: unknown option '--nonsense'; see "pawl config --help"\n$/);
  const closed = run("example").spawn();
  await closed.stdout.cancel();
  const [status, stderr] = await Promise.all([closed.status, new Response(closed.stderr).text()]);
  assert.deepEqual([status.code, stderr], [0, ""]);
});
