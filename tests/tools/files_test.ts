import assert from "node:assert/strict";
import fc from "fast-check";
import * as z from "zod/mini";
import { systemClock } from "../../lib/clock.ts";
import { backwardLines, type BackwardProgress } from "../../lib/host/files/backward_lines.ts";
import { openRegular } from "../../lib/host/files/regular_file.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { LOG_GREP, LOG_LIST, LOG_TAIL } from "../../lib/tools/files.ts";
import { readBackwards } from "../../lib/tools/log_reading.ts";
import type { ToolContext, ToolDefinition } from "../../lib/tools/tool.ts";
import { TempFolder } from "../config/temp_folder.ts";

const never = new AbortController().signal;

function run<Shape extends z.core.$ZodShape, Data>(
  tool: ToolDefinition<Shape, Data>,
  args: Record<string, unknown>,
  roots: readonly string[],
) {
  const context: ToolContext = {
    host: new FixtureFacts(),
    clock: systemClock,
    signal: never,
    logRoots: roots,
    allowRun: [],
  };
  return tool.run(z.strictObject(tool.args).parse(args), context);
}

Deno.test("the last lines of a log are shown in their order", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "1 a\n2 b\n3 a\n\n4 b");
  const { text, data } = await run(LOG_TAIL, { file: log, lines: "3" }, [folder.path]);
  assert.deepEqual(data.lines, ["3 a", "", "4 b"]);
  assert.equal(text, `${log}, 16 B: the last 3 lines\n3 a\n4 b`);
  assert.deepEqual((await run(LOG_TAIL, { file: "app.log", pattern: "a" }, [folder.path])).data.lines, [
    "1 a",
    "3 a",
  ]);
  assert.deepEqual(
    (await run(LOG_TAIL, { file: "app.log", pattern: "/^\\d B$/i", lines: 1 }, [folder.path])).data.lines,
    ["4 b"],
  );
});

Deno.test("matches are shown with the newest first, and it is said how far it looked", async () => {
  await using folder = new TempFolder();
  folder.write("app.log", Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join(""));
  const { text, data } = await run(LOG_GREP, { file: "app.log", pattern: "/9{3}$/", max_matches: 2 }, [
    folder.path,
  ]);
  assert.deepEqual(data.lines, ["line 19999", "line 18999"]);
  assert.equal(data.stopped, "lines");
  assert.match(text, /\n\[looked at the last \d+\.\d KiB of 204\.0 KiB: enough lines\]$/);
  const none = await run(LOG_GREP, { file: "app.log", pattern: "nowhere" }, [folder.path]);
  assert.match(none.text, /: no line matches nowhere$/);
  assert.equal(none.data.scanned_bytes, none.data.size_bytes);
});

Deno.test("a huge file is read from its end only, and no further back than the bound", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "first\n");
  {
    using file = Deno.openSync(log, { write: true });
    file.truncateSync(1024 ** 3);
    file.seekSync(0, Deno.SeekMode.End);
    file.writeSync(new TextEncoder().encode("\nlast\n"));
  }
  const startMs = performance.now();
  assert.deepEqual((await run(LOG_TAIL, { file: log, lines: 1 }, [folder.path])).data.lines, ["last"]);
  assert.ok(performance.now() - startMs < 1000);
  const { data, text } = await run(LOG_GREP, { file: log, pattern: "first" }, [folder.path]);
  assert.deepEqual(data.lines, []);
  assert.ok(["bytes", "time"].includes(data.stopped));
  assert.ok(data.scanned_bytes <= 64 * 1024 ** 2);
  assert.match(text, /\[looked at the last .* of 1\.0 GiB: /);
});

Deno.test("nothing but regular files below the log folders is read, wherever links lead", async () => {
  await using folder = new TempFolder();
  await using outside = new TempFolder();
  const secret = outside.write("secret", "hidden\n");
  Deno.mkdirSync(folder.at("logs"));
  const roots = [folder.at("logs")];
  folder.write("logs/app.log", "fine\n");
  Deno.symlinkSync(secret, folder.at("logs/link.log"));
  Deno.symlinkSync(outside.path, folder.at("logs/away"));
  Deno.symlinkSync("app.log", folder.at("logs/inner.log"));
  Deno.symlinkSync("loop.log", folder.at("logs/loop.log"));
  Deno.mkdirSync(folder.at("logs-more"));
  folder.write("logs-more/x", "x");
  assert.equal(new Deno.Command("mkfifo", { args: [folder.at("logs/pipe")] }).outputSync().success, true);
  const refused: [file: string, why: RegExp][] = [
    [secret, /does not lie below/],
    ["/etc/shadow", /does not lie below/],
    ["../../etc/shadow", /does not lie below/],
    [folder.at("logs/../logs-more/x"), /does not lie below/],
    [folder.at("logs-more/x"), /does not lie below/],
    [folder.at("logs/link.log"), /does not lie below/],
    ["away/secret", /does not lie below/],
    ["loop.log", /circle|Too many/i],
    ["pipe", /a FIFO/],
    ["away", /does not lie below/],
    [".", /a folder/],
    ["none.log", /no such file/],
    ["app.log\0.txt", /NUL/],
    ["app.log/x", /no such file|Not a directory/i],
  ];
  for (const [file, why] of refused) {
    await assert.rejects(run(LOG_TAIL, { file }, roots), (error: Error) => why.test(error.message), file);
  }
  await assert.rejects(run(LOG_TAIL, { file: "/dev/zero" }, ["/dev"]), /a device/);
  await assert.rejects(run(LOG_TAIL, { file: "/etc/passwd" }, []), FactUnavailableError);
  assert.deepEqual((await run(LOG_TAIL, { file: "inner.log" }, roots)).data.lines, ["fine"]);
  const { data } = await run(LOG_LIST, {}, roots);
  assert.deepEqual(
    (data.entries as { path: string }[]).map(({ path }) => path.slice(folder.at("logs/").length)).sort(),
    ["app.log", "inner.log"],
  );
});

Deno.test("a log folder that is itself a link is one; its files may be named either way", async () => {
  await using folder = new TempFolder();
  Deno.mkdirSync(folder.at("real"));
  folder.write("real/app.log", "fine\n");
  Deno.symlinkSync("real", folder.at("logs"));
  for (const file of ["app.log", folder.at("logs/app.log"), folder.at("real/app.log")]) {
    assert.deepEqual((await run(LOG_TAIL, { file }, [folder.at("logs")])).data.lines, ["fine"], file);
  }
});

Deno.test({
  name: "what the sandbox does not let be read is unavailable, and the message names the grant",
  permissions: { read: ["/usr"] },
  async fn() {
    await assert.rejects(
      run(LOG_TAIL, { file: "/etc/passwd" }, ["/etc"]),
      (error: Error) => error instanceof FactUnavailableError && /--allow-read=/.test(error.message),
    );
  },
});

Deno.test("foreign text is made harmless, and secrets are masked", async () => {
  await using folder = new TempFolder();
  Deno.writeFileSync(
    folder.at("app.log"),
    new Uint8Array([...new TextEncoder().encode("\x1b[31mred\x07\x00 "), 0xff, 0xfe, 10]),
  );
  folder.write("long.log", "x".repeat(500_000) + "\npassword=hunter2secret\n");
  assert.deepEqual((await run(LOG_TAIL, { file: "app.log" }, [folder.path])).data.lines, [
    "red \ufffd\ufffd",
  ]);
  const { data } = await run(LOG_TAIL, { file: "long.log" }, [folder.path]);
  assert.equal(data.lines[1], "password=***");
  assert.equal(data.lines[0]?.length, 2000);
});

Deno.test("an expression that would take other engines for ever is searched for at once", async () => {
  await using folder = new TempFolder();
  folder.write("app.log", ("a".repeat(5000) + "!\n").repeat(20));
  const startMs = performance.now();
  await run(LOG_GREP, { file: "app.log", pattern: "/(a+)+$/" }, [folder.path]);
  assert.ok(performance.now() - startMs < 5000);
  await assert.rejects(run(LOG_GREP, { file: "app.log", pattern: "/(?=a)/" }, [folder.path]), /look-around/);
});

Deno.test("an abort ends the search", async () => {
  await using folder = new TempFolder();
  folder.write("app.log", "x\n".repeat(1_000_000));
  const given = new AbortController();
  const search = readBackwards({
    file: "app.log",
    pattern: "y",
    maxLines: 1,
    roots: [folder.path],
    clock: systemClock,
    signal: given.signal,
  });
  given.abort(new Error("enough"));
  await assert.rejects(search, { message: "enough" });
});

Deno.test("the folders' files are listed, the one written last first", async () => {
  await using folder = new TempFolder();
  Deno.mkdirSync(folder.at("sub"));
  for (const [name, time] of [["old.log", 1_600_000_000], ["new.log", 1_700_000_000]] as const) {
    Deno.utimeSync(folder.write(name, "12345"), time, time);
  }
  const { text } = await run(LOG_LIST, {}, [folder.path, "/nonexistent"]);
  const lines = text.split("\n");
  assert.equal(lines[0], `3 files and folders below ${folder.path}, /nonexistent`);
  assert.match(lines[2] ?? "", /^ +5 B {2}2023-11-14T22:13:20Z {2}.*\/new\.log$/);
  assert.match(lines[3] ?? "", /old\.log$/);
  assert.match(lines[4] ?? "", /^folder .*\/sub\/$/);
  assert.match(lines[5] ?? "", /nonexistent/);
  await assert.rejects(run(LOG_LIST, { dir: "/etc" }, [folder.path]), /does not lie below/);
  await assert.rejects(run(LOG_LIST, {}, ["/nonexistent"]), FactUnavailableError);
});

Deno.test("property: a file's lines read backwards are its lines", async () => {
  await using folder = new TempFolder();
  const path = folder.write("app.log", "");
  const piece = fc.oneof(
    fc.constantFrom("\n", "", "\n\n"),
    fc.integer({ min: 0, max: 40_000 }).map((count) => "x".repeat(count)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const text = pieces.join("");
      Deno.writeTextFileSync(path, text);
      await using file = await openRegular(path);
      const lines: string[] = [];
      const progress: BackwardProgress = { atBytes: 0 };
      const options = { maxBytes: 1e9, maxMs: 1e9, clock: systemClock, signal: never };
      for await (const line of backwardLines(file, options, progress)) {
        lines.unshift(new TextDecoder().decode(line));
      }
      const expected = text === "" ? [] : text.replace(/\n$/, "").split("\n");
      assert.deepEqual(
        lines.map((line) => line.slice(0, 65_536)),
        expected.map((line) => line.slice(0, 65_536)),
      );
      assert.equal(progress.atBytes, 0);
    }),
    { numRuns: 60 },
  );
});
