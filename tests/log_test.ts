import assert from "node:assert/strict";
import fc from "fast-check";
import { getLogger } from "@logtape/logtape";
import { type LoggingOptions, printable, setUpLogging } from "../lib/log.ts";

/** Logs one record with these fields and returns what was written. */
async function written(
  fields: Record<string, unknown>,
  options: Partial<LoggingOptions> = {},
  log: "debug" | "info" | "warn" | "error" = "info",
): Promise<string> {
  const lines: string[] = [];
  {
    await using _ = setUpLogging({
      level: "info",
      format: "json",
      colors: false,
      write: (line) => lines.push(line),
      ...options,
    });
    getLogger(["pawl", "link"])[log]("link.registered", fields);
  }
  return lines.join("");
}

async function json(
  fields: Record<string, unknown>,
  options: Partial<LoggingOptions> = {},
): Promise<Record<string, unknown>> {
  const { time, level, event, part, ...rest } = JSON.parse(await written(fields, options));
  assert.deepEqual([level, event, part], ["info", "link.registered", "pawl.link"]);
  assert.equal(new Date(time).toISOString(), time);
  return rest;
}

async function pretty(
  fields: Record<string, unknown>,
  options: Partial<LoggingOptions> = {},
): Promise<string> {
  const line = await written(fields, { ...options, format: "pretty" });
  return line.replace(/^\d\d:\d\d:\d\d /, "").replace(/\n$/, "");
}

Deno.test("JSON lines carry time, level, event and part, and the fields beside them", async () => {
  const fields = { hub: "wss://h", tries: 3, ok: true, none: null, gone: undefined, list: [1, { a: "b" }] };
  assert.deepEqual(await json(fields), {
    hub: "wss://h",
    tries: 3,
    ok: true,
    none: null,
    list: [1, { a: "b" }],
  });
  assert.match(await written(fields), /^[^\n]+\n$/);
});

Deno.test("a field cannot take the place of the record's own", async () => {
  const line = JSON.parse(await written({ level: "error", event: "forged", time: 1, part: "x" }));
  assert.deepEqual([line.level, line.event, line.part], ["info", "link.registered", "pawl.link"]);
  assert.deepEqual([line.level_, line.event_, line.time_, line.part_], ["error", "forged", 1, "x"]);
});

Deno.test("pretty lines read as time, level, event, fields", async () => {
  assert.match(await written({}, { format: "pretty" }), /^\d\d:\d\d:\d\d INFO {2}link\.registered\n$/);
  assert.equal(
    await pretty({ hub: "wss://h:1/x", tries: 3, why: "two words", empty: "", list: ["a"] }),
    'INFO  link.registered  hub=wss://h:1/x tries=3 why="two words" empty="" list=["a"]',
  );
  assert.match(await written({}, { format: "pretty" }, "warn"), / WARN {2}link/);
  assert.match(await written({}, { format: "pretty" }, "error"), / ERROR link/);
});

Deno.test("colours come only when they are asked for", async () => {
  assert.ok((await written({ a: 1 }, { format: "pretty", colors: true })).includes("\x1b[36mINFO"));
  assert.ok(!(await written({ a: 1 }, { format: "pretty", colors: false })).includes("\x1b"));
  assert.ok(!(await written({ a: 1 }, { format: "json", colors: true })).includes("\x1b"));
});

Deno.test("what is less grave than the level is left out", async () => {
  assert.equal(await written({}, { level: "warning" }, "info"), "");
  assert.notEqual(await written({}, { level: "warning" }, "warn"), "");
  assert.equal(await written({}, { level: "info" }, "debug"), "");
  assert.notEqual(await written({}, { level: "debug" }, "debug"), "");
});

Deno.test("fields whose names speak of secrets are redacted, however deep; keys of alerts are not", async () => {
  const fields = {
    token: "a",
    "X-Agent-Token": "b",
    nested: [{ Authorization: "c", password: 1, api_key: "d", key: "e" }],
    client_secret: { a: 1 },
    alert_key: "kept",
  };
  assert.deepEqual(await json(fields), {
    token: "[redacted]",
    "X-Agent-Token": "[redacted]",
    nested: [{
      Authorization: "[redacted]",
      password: "[redacted]",
      api_key: "[redacted]",
      key: "[redacted]",
    }],
    client_secret: "[redacted]",
    alert_key: "kept",
  });
});

Deno.test("a secret is redacted wherever it occurs: texts, names, errors, URLs, quoted by a server", async () => {
  const secret = 's3cr"et+/=';
  const fields = {
    reason: `bad token ${secret}, again ${secret}`,
    [`name ${secret}`]: 1,
    error: new Error(`refused ${secret}`, { cause: new Error(`by ${secret}`) }),
    url: new URL(`https://h/?q=${encodeURIComponent(secret)}`),
    body: JSON.stringify({ got: secret }),
    map: new Map([["k", new Set([secret])]]),
    long: "x".repeat(2045) + secret,
  };
  for (const format of ["json", "pretty"] as const) {
    for (const level of ["info", "debug"] as const) {
      const line = await written(fields, { format, level, secrets: [secret] });
      assert.ok(line.includes("[redacted]"));
      assert.doesNotMatch(line, /s3cr/);
    }
  }
});

Deno.test("a secret that is part of another leaves no rest of it", async () => {
  assert.deepEqual(await json({ a: "abcd-efgh abcd" }, { secrets: ["abcd", "abcd-efgh"] }), {
    a: "[redacted] [redacted]",
  });
});

Deno.test("what is too short to be a secret is left alone", async () => {
  assert.deepEqual(await json({ a: "abc" }, { secrets: ["", "a", "abc"] }), { a: "abc" });
});

Deno.test("an error is its message and its causes, and its stack at debug alone", async () => {
  const error = new Error("cannot dial: refused", {
    cause: new TypeError("os error 111", { cause: "plain" }),
  });
  assert.deepEqual(await json({ error }), {
    error: "cannot dial: refused; cause: os error 111; cause: plain",
  });
  assert.deepEqual(await json({ error: new TypeError() }), { error: "TypeError" });
  const several = new AggregateError([new Error("one"), new Error("two")], "both failed");
  assert.deepEqual(await json({ error: several }), { error: "both failed (one; two)" });
  const ring = new Error("ring");
  ring.cause = ring;
  assert.deepEqual(await json({ error: ring }), { error: "ring" });
  const { error: stack } = await json({ error }, { level: "debug" });
  assert.match(String(stack), /^Error: cannot dial: refused\n {4}at .*log_test\.ts/);
});

Deno.test("a hub can neither forge a line nor drive a terminal", async () => {
  const evil = 'bye" level=error\n{"level":"error"}\r\x1b[2J\x9b31m\u202e\u2028tab\there';
  assert.equal(
    await pretty({ reason: evil }),
    "INFO  link.registered  " +
      String.raw`reason="bye\" level=error\n{\"level\":\"error\"}\r\u001b[2J\u009b31m\u202e\u2028tab\there"`,
  );
  const line = await written({ reason: evil });
  assert.equal(printable(line.slice(0, -1)), line.slice(0, -1));
  assert.deepEqual(await json({ reason: evil }), { reason: evil });
});

Deno.test("whatever the fields hold, one inert line comes of it, and JSON reads back", async () => {
  const lines: string[] = [];
  for (const format of ["json", "pretty"] as const) {
    await using _ = setUpLogging({ level: "info", format, colors: false, write: (line) => lines.push(line) });
    const logger = getLogger(["pawl", "link"]);
    fc.assert(fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.anything()), (fields) => {
      lines.length = 0;
      logger.info("event", fields);
      assert.equal(lines.length, 1);
      const [line = ""] = lines;
      assert.equal(line.indexOf("\n"), line.length - 1);
      assert.equal(printable(line.slice(0, -1)), line.slice(0, -1));
      if (format === "json") assert.equal(JSON.parse(line).event, "event");
    }));
  }
});

Deno.test("long texts, long lists and deep nests are cut with a marker", async () => {
  const { text, list, nest } = await json({
    text: "x".repeat(5000),
    list: Array.from({ length: 1000 }, (_, index) => index),
    nest: { a: { b: { c: { d: { e: { f: 1 } } } } } },
  }) as { text: string; list: unknown[]; nest: unknown };
  assert.equal(text, `${"x".repeat(2048)}[2952 more characters cut]`);
  assert.deepEqual([list.length, list.at(-1)], [65, "[936 more]"]);
  assert.deepEqual(nest, { a: { b: { c: { d: { e: "[too deep]" } } } } });
});

Deno.test("values that JSON does not know are written all the same", async () => {
  const fields = {
    big: 12n,
    inf: Infinity,
    when: new Date(0),
    bytes: new Uint8Array(3),
    call: Symbol("s"),
    deep: {
      get broken() {
        throw new Error("no");
      },
    },
  };
  assert.deepEqual(await json(fields), {
    big: "12",
    inf: "Infinity",
    when: "1970-01-01T00:00:00.000Z",
    bytes: "[3 bytes]",
    call: "Symbol(s)",
    deep: "[unreadable]",
  });
});

Deno.test("a log that cannot be written costs neither an error nor the lines after it", async () => {
  let calls = 0;
  await using _ = setUpLogging({
    level: "info",
    format: "json",
    write() {
      calls++;
      throw new Deno.errors.BrokenPipe("gone");
    },
  });
  const logger = getLogger(["pawl", "link"]);
  logger.info("one");
  logger.info("two");
  assert.equal(calls, 2);
});

Deno.test("disposing ends the log, once, and makes room for the next", async () => {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const first = setUpLogging({ level: "info", format: "json", write });
  assert.throws(() => setUpLogging({ level: "info", format: "json", write }));
  await first[Symbol.asyncDispose]();
  getLogger(["pawl"]).info("lost");
  await using _ = setUpLogging({ level: "info", format: "json", write });
  await first[Symbol.asyncDispose]();
  getLogger(["pawl"]).info("kept");
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /"event":"kept"/);
});

Deno.test("by default, lines go to stderr at once, and stdout stays clean, even when the process then dies", async () => {
  const module = JSON.stringify(new URL("../lib/log.ts", import.meta.url).href);
  const config = new URL("../deno.json", import.meta.url).pathname;
  const script = `
    import { setUpLogging } from ${module};
    import { getLogger } from "@logtape/logtape";
    setUpLogging({ level: "info", format: "pretty" });
    getLogger(["pawl", "x"]).info("last.words", { n: 1 });
    Deno.kill(Deno.pid, "SIGKILL");`;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, script);
    const { stdout, stderr, signal } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-run", "--config", config, path],
      stdin: "null",
      env: { DENO_NO_UPDATE_CHECK: "1" },
    }).output();
    assert.equal(signal, "SIGKILL");
    assert.equal(new TextDecoder().decode(stdout), "");
    assert.match(new TextDecoder().decode(stderr), /^\d\d:\d\d:\d\d INFO {2}last\.words {2}n=1\n$/);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("level, format and secrets may change while it runs; what was a secret stays one", async () => {
  const lines: string[] = [];
  await using logging = setUpLogging({
    level: "warning",
    format: "json",
    colors: false,
    secrets: ["old-s3cret"],
    write: (line) => lines.push(line),
  });
  const logger = getLogger(["pawl", "link"]);
  logger.info("link.registered", {});
  assert.deepEqual(lines, []);
  logging.update({ level: "info", secrets: ["new-s3cret"] });
  logger.info("link.registered", { note: "old-s3cret and new-s3cret" });
  assert.match(lines[0] ?? "", /"note":"\[redacted\] and \[redacted\]"/);
  logging.update({ format: "pretty" });
  logger.info("link.registered", { note: "x" });
  assert.match(lines[1] ?? "", / INFO {2}link\.registered {2}note=x\n$/);
  logging.update({ level: "error" });
  logger.warn("link.lost", {});
  assert.equal(lines.length, 2);
});
