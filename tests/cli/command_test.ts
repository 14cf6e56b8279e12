import assert from "node:assert/strict";
import { Command } from "@commander-js/extra-typings";
import type { CliContext } from "../../lib/cli/command.ts";
import { ConfigError } from "../../lib/config/config_error.ts";
import { capture } from "./captured_context.ts";

/** A command whose action does `act`. */
function acting(act: (context: CliContext) => void | Promise<void>) {
  return (context: CliContext) =>
    new Command("act").option("--log-level <level>").option("--count <n>").action(() => act(context));
}

Deno.test("an action that ends gives its exit code, 0 unless it says otherwise", async () => {
  assert.deepEqual(await capture(acting((context) => context.out("done\n"))), {
    code: 0,
    out: "done\n",
    err: "",
  });
  const three = acting(async (context) => {
    await Promise.resolve();
    context.exitCode = 3;
  });
  assert.equal((await capture(three)).code, 3);
});

Deno.test("a configuration error is exit code 2, any other 1; both are one line without a stack", async () => {
  const failing = (error: unknown) => acting(() => Promise.reject(error));
  assert.deepEqual(await capture(failing(new ConfigError("cannot load x: y; z"))), {
    code: 2,
    out: "",
    err: "pawl: cannot load x: y; z\n",
  });
  assert.deepEqual(await capture(failing(new Error("cannot do: why"))), {
    code: 1,
    out: "",
    err: "pawl: cannot do: why\n",
  });
  assert.equal((await capture(failing(new TypeError()))).err, "pawl: TypeError\n");
  assert.equal((await capture(failing("text"))).err, "pawl: text\n");
  assert.equal(
    (await capture(failing(new Error("two\nlines \x1b[2J")))).err,
    "pawl: two\\nlines \\u001b[2J\n",
  );
});

Deno.test("at --log-level debug the stack follows", async () => {
  const failing = acting(() => Promise.reject(new Error("cannot do: why")));
  for (const argv of [["--log-level", "debug"], ["--log-level=debug"]]) {
    const { code, err } = await capture(failing, ...argv);
    assert.equal(code, 1);
    assert.match(err, /^pawl: cannot do: why\nError: cannot do: why\n {4}at .*command_test\.ts/);
  }
  assert.doesNotMatch((await capture(failing, "--log-level", "info")).err, /\n./);
});

for (
  const [what, argv, message] of [
    [
      "an unknown flag",
      ["--cuont", "1"],
      /^pawl: unknown option '--cuont' \(Did you mean --count\?\); see "pawl act --help"\n$/,
    ],
    [
      "a flag without its value",
      ["--count"],
      /^pawl: option '--count <n>' argument missing; see "pawl act --help"\n$/,
    ],
    ["an argument too many", ["x"], /^pawl: too many arguments\. [^\n]*; see "pawl act --help"\n$/],
  ] as const
) {
  Deno.test(`${what} is one line and exit code 2, and nothing is done`, async () => {
    let done = false;
    const { code, out, err } = await capture(acting(() => void (done = true)), ...argv);
    assert.deepEqual([code, out, done], [2, "", false]);
    assert.match(err, message);
  });
}

Deno.test("--help goes to stdout, with the whole name, and is exit code 0", async () => {
  const { code, out, err } = await capture(acting(() => {}), "--help");
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^Usage: pawl act \[options\]/);
});
