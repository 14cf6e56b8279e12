import assert from "node:assert/strict";
import { LOGFILE_CHECK } from "../../lib/checks/logfile.ts";
import type { Check } from "../../lib/checks/check.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { found, gather, makeCheck, MapMemory, refusals } from "./check_rig.ts";

function append(path: string, text: string): void {
  Deno.writeTextFileSync(path, text, { append: true });
}

/** The lines that a look tells of, all logs together. */
async function lines(check: Check): Promise<string[]> {
  const findings = await found(check, "logfile::match");
  return findings.flatMap(({ attrs }) => attrs.lines === undefined ? [] : attrs.lines.split("\n"));
}

function watch(folder: TempFolder, settings: Record<string, unknown> = {}, memory = new MapMemory()): Check {
  return makeCheck(LOGFILE_CHECK, { paths: [folder.at("app.log")], max_lines: 100, ...settings }, { memory });
}

Deno.test("each new line is told once, and a restart neither repeats nor misses one", async () => {
  await using folder = new TempFolder();
  const memory = new MapMemory();
  const log = folder.write("app.log", "old\n");
  const check = watch(folder, {}, memory);
  assert.deepEqual(await lines(check), []);
  append(log, "one\ntwo\n");
  assert.deepEqual(await lines(check), ["one", "two"]);
  assert.deepEqual(await lines(check), []);
  append(log, "three\n");
  assert.deepEqual(await lines(watch(folder, {}, memory)), ["three"]);
  assert.deepEqual(await lines(watch(folder, {}, memory)), []);
});

Deno.test("a log is begun at its start when that is asked for, or when it is younger than the watch", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "one\ntwo\n");
  assert.deepEqual(await lines(watch(folder, { initial: "start" })), ["one", "two"]);
  const check = watch(folder, { paths: [folder.at("*.log")] });
  assert.deepEqual(await lines(check), []);
  // Times of birth have the kernel's grain.
  await new Promise((resolve) => setTimeout(resolve, 20));
  folder.write("new.log", "first\n");
  append(log, "three\n");
  assert.deepEqual(await lines(check), ["three", "first"]);
});

Deno.test("a line is told when its end is there", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "half");
  const memory = new MapMemory();
  const check = watch(folder, {}, memory);
  assert.deepEqual(await lines(check), []);
  append(log, " a li");
  assert.deepEqual(await lines(check), []);
  assert.deepEqual(await lines(watch(folder, {}, memory)), []);
  append(log, "ne\r\nnext");
  assert.deepEqual(await lines(watch(folder, {}, memory)), ["half a line"]);
});

Deno.test("a log that is renamed is read to its end before its successor", async () => {
  await using folder = new TempFolder();
  const memory = new MapMemory();
  const log = folder.write("app.log", "old\n");
  let check = watch(folder, {}, memory);
  await gather(check);
  append(log, "1\n");
  Deno.renameSync(log, `${log}.1`);
  append(`${log}.1`, "2\n");
  assert.deepEqual(await lines(check), ["1", "2"], "nothing new is there yet");
  append(`${log}.1`, "3\nunfinished");
  folder.write("app.log", "4\n");
  assert.deepEqual(await lines(check), ["3", "unfinished", "4"]);
  append(log, "5\n");
  // Two rotations while nobody looks.
  for (const next of ["6\n", "7\n"]) {
    if (next === "7\n") Deno.renameSync(`${log}.2`, `${log}.3`);
    Deno.renameSync(`${log}.1`, `${log}.2`);
    Deno.renameSync(log, `${log}.1`);
    folder.write("app.log", next);
  }
  check = watch(folder, {}, memory);
  assert.deepEqual(await lines(check), ["5", "6", "7"]);
  assert.deepEqual(await lines(check), []);
});

Deno.test("a log that is dated on rotation, and one that is compressed, are no logs of their own", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "");
  const check = watch(folder, { paths: [folder.at("app*")] });
  await gather(check);
  append(log, "1\n");
  Deno.renameSync(log, folder.at("app.log-20240131"));
  folder.write("app.log", "2\n");
  folder.write("app.log.9.gz", "binary\n");
  assert.deepEqual(await lines(check), ["1", "2"]);
  assert.deepEqual((await found(check, "logfile::match")).map(({ labels }) => labels.target), [log]);
});

Deno.test("a log that is copied and cut is read to the end of the copy, then from its start", async () => {
  await using folder = new TempFolder();
  const memory = new MapMemory();
  const log = folder.write("app.log", "old\n");
  const check = watch(folder, {}, memory);
  await gather(check);
  append(log, "1\n");
  assert.deepEqual(await lines(check), ["1"]);
  append(log, "2\n");
  Deno.copyFileSync(log, `${log}.1`);
  Deno.truncateSync(log);
  assert.deepEqual(await lines(check), ["2"]);
  append(log, "3\n");
  assert.deepEqual(await lines(watch(folder, {}, memory)), ["3"]);
  // And again, with more written since than there was before.
  append(log, "4\n");
  Deno.renameSync(`${log}.1`, `${log}.2`);
  Deno.copyFileSync(log, `${log}.1`);
  Deno.truncateSync(log);
  append(log, "5 is longer than all that was here before\n");
  assert.deepEqual(await lines(watch(folder, {}, memory)), [
    "4",
    "5 is longer than all that was here before",
  ]);
});

Deno.test("a log that is cut under a writer that does not append begins with a hole", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "x".repeat(100) + "\n");
  const check = watch(folder);
  await gather(check);
  using writer = Deno.openSync(log, { write: true });
  writer.truncateSync(0);
  writer.seekSync(300 * 1024 * 1024, Deno.SeekMode.Start);
  writer.writeSync(new TextEncoder().encode("\nafter the hole\n"));
  const told: string[] = [];
  for (let look = 0; look < 3; look++) told.push(...await lines(check));
  assert.deepEqual(told.filter((line) => line !== ""), ["after the hole"]);
});

Deno.test("a log that is replaced by another of the same size is read from its start", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "aaaa\n");
  const check = watch(folder);
  await gather(check);
  folder.write("other", "bbbb\n");
  Deno.renameSync(folder.at("other"), log);
  assert.deepEqual(await lines(check), ["bbbb"]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  Deno.writeTextFileSync(log, "cccc\n"); // in place
  assert.deepEqual(await lines(check), ["cccc"]);
  // An editor that writes the same text anew, and a line more.
  folder.write("other", "cccc\ndddd\n");
  Deno.renameSync(folder.at("other"), log);
  assert.deepEqual(await lines(check), ["dddd"]);
});

Deno.test("filters take texts and expressions; what is excluded is not told", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "");
  const check = watch(folder, {
    include: ["error", "/^fatal\\b/i"],
    exclude: ["harmless"],
    context: 1,
    severity: "Critical",
  });
  await gather(check);
  append(log, "start\nan error\nafter\nharmless error\nFATAL: x\nend\n");
  const [finding] = await found(check, "logfile::match");
  assert.equal(finding?.status, "Critical");
  assert.equal(finding.momentary, true);
  assert.equal(finding.description, `2 lines match in ${log}: FATAL: x`);
  assert.equal(finding.attrs.current_value, "2 lines match");
  assert.deepEqual(finding.attrs.lines?.split("\n"), [
    "  start",
    "an error",
    "  after",
    "  harmless error",
    "FATAL: x",
    "  end",
  ]);
  const [quiet] = await found(check, "logfile::match");
  assert.equal(quiet?.status, "Ok");
  assert.equal(quiet.momentary, true);
});

Deno.test("every encoding is read as it is written", async () => {
  const texts: [encoding: string, bytes: number[]][] = [
    ["utf-8", [...new TextEncoder().encode("\ufeffzwölf 你\n")]],
    ["utf-16le", [
      0xff,
      0xfe,
      ...[..."zwölf 你\u0a0a\n"].flatMap((char) => [char.charCodeAt(0) & 255, char.charCodeAt(0) >> 8]),
    ]],
    [
      "utf-16be",
      [..."zwölf 你\u0a0a\n"].flatMap((char) => [char.charCodeAt(0) >> 8, char.charCodeAt(0) & 255]),
    ],
    ["latin1", [...new TextEncoder().encode("zw"), 0xf6, ...new TextEncoder().encode("lf\n")]],
    ["gbk", [...new TextEncoder().encode("zw"), 0xc4, 0xe3, 0x0a]],
  ];
  const read: Record<string, string> = {};
  for (const [encoding, bytes] of texts) {
    await using folder = new TempFolder();
    folder.write("app.log", "");
    const check = watch(folder, { encoding });
    await gather(check);
    // A byte at a time: a character may be cut anywhere.
    for (const byte of bytes) {
      Deno.writeFileSync(folder.at("app.log"), new Uint8Array([byte]), { append: true });
      const [line] = await lines(check);
      if (line !== undefined) read[encoding] = line;
    }
  }
  assert.deepEqual(read, {
    "utf-8": "zwölf 你",
    "utf-16le": "zwölf 你\u0a0a",
    "utf-16be": "zwölf 你\u0a0a",
    latin1: "zwölf",
    gbk: "zw你",
  });
});

Deno.test("what is too much for one look is read in the next, without a line lost", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "");
  const check = watch(folder, { max_read: "64KiB", include: ["/^line \\d+$/"] });
  await gather(check);
  append(log, Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join(""));
  let count = 0;
  for (let look = 0; look < 10; look++) {
    const [finding] = await found(check, "logfile::match");
    count += parseInt(finding?.attrs.current_value ?? "0") || 0;
  }
  assert.equal(count, 20_000);
});

Deno.test("an endless line is looked at once, at its start, and what follows it is read", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "");
  const check = watch(folder, { include: ["begin", "next"] });
  await gather(check);
  append(log, "begin" + "x".repeat(3_000_000));
  const told: string[] = [];
  for (let look = 0; look < 4; look++) told.push(...await lines(check));
  append(log, "begin\nnext\n");
  for (let look = 0; look < 2; look++) told.push(...await lines(check));
  assert.deepEqual(told.map((line) => line.slice(0, 5)), ["begin", "next"]);
  assert.ok(told.every((line) => line.length <= 1024));
});

Deno.test("foreign text is cleaned, and secrets in it are masked", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "");
  const check = watch(folder);
  await gather(check);
  Deno.writeFileSync(log, new Uint8Array([0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x41, 0xff, 0, 7, 0x42, 10]), {
    append: true,
  });
  append(log, "password=hunter2secret\n");
  assert.deepEqual(await lines(check), ["A\ufffd B", "password=***"]);
});

Deno.test("a look that is given up changes nothing", async () => {
  await using folder = new TempFolder();
  const memory = new MapMemory();
  const log = folder.write("app.log", "");
  const check = watch(folder, {}, memory);
  await gather(check);
  append(log, "one\n");
  const { writes } = memory;
  const given = new AbortController();
  const look = check.gather(given.signal);
  given.abort(new DOMException("enough", "TimeoutError"));
  await assert.rejects(look, { name: "TimeoutError" });
  assert.equal(memory.writes, writes);
  assert.deepEqual(await lines(check), ["one"]);
  assert.deepEqual(await lines(check), []);
});

Deno.test("a quiet log costs no write, and a damaged memory is one that knows nothing", async () => {
  await using folder = new TempFolder();
  const memory = new MapMemory();
  const log = folder.write("app.log", "one\n");
  const check = watch(folder, {}, memory);
  await gather(check);
  const { writes } = memory;
  for (let look = 0; look < 3; look++) await gather(check);
  assert.equal(memory.writes, writes);
  for (const [key] of memory.texts) memory.texts.set(key, '{"sinceMs":');
  const anew = watch(folder, {}, memory);
  assert.deepEqual(await lines(anew), []);
  append(log, "two\n");
  assert.deepEqual(await lines(anew), ["two"]);
});

Deno.test("what is no log is told, and holds up no other", async () => {
  await using folder = new TempFolder();
  const log = folder.write("app.log", "");
  assert.equal(new Deno.Command("mkfifo", { args: [folder.at("pipe.log")] }).outputSync().success, true);
  const check = watch(folder, {
    paths: [log, folder.at("pipe.log"), folder.path, "/dev/zero", folder.at("none.log")],
  });
  await gather(check);
  append(log, "one\n");
  assert.deepEqual(await lines(check), ["one"]);
  const access = await found(check, "logfile::access");
  const told = access.filter(({ status }) => status === "Warning").map(({ description }) => description);
  assert.equal(told.length, 4);
  assert.match(told.join("\n"), /pipe\.log cannot be watched: .* a FIFO/);
  assert.match(told.join("\n"), /\/dev\/zero cannot be watched: .* a device/);
  assert.match(told.join("\n"), /a folder/);
  assert.match(told.join("\n"), /none\.log cannot be watched: there is no such file/);
});

Deno.test("a pattern that finds too many logs says so", async () => {
  await using folder = new TempFolder();
  for (let index = 0; index < 5; index++) folder.write(`app-x${index}.log`, "");
  const check = watch(folder, { paths: [folder.at("*.log")], max_targets: 3 });
  const access = await found(check, "logfile::access");
  assert.equal(access.length, 4);
  assert.match(
    access.find(({ status }) => status !== "Ok")?.description ?? "",
    /more than 3 logs; raise max_targets/,
  );
});

Deno.test("patterns that cannot be used are refused with the reason", () => {
  const paths = ["/var/log/x"];
  assert.match(
    refusals(LOGFILE_CHECK, { paths, include: ["/(a/"] }).join(),
    /^include\.0: cannot use \/\(a\//,
  );
  assert.match(refusals(LOGFILE_CHECK, { paths, exclude: ["/(?=a)/"] }).join(), /look-around/);
  assert.match(refusals(LOGFILE_CHECK, { paths: ["var/log"] }).join(), /absolute path/);
  assert.match(refusals(LOGFILE_CHECK, { paths, include: ["/(a+)+$/"] }).join(), /^$/);
});
