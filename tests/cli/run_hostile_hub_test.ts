import assert from "node:assert/strict";
import { bear, BORNE } from "./hostile_hub.ts";
import { parseLogLine } from "./pawl_process.ts";

const FORGED_JSON =
  '{"time":"2026-01-01T00:00:00.000Z","level":"error","event":"forged.line","part":"pawl.run"}';
const FORGED_PRETTY = "12:00:00 ERROR forged.line  why=forged";

/** Line ends of every kind, escape sequences in 7 and 8 bits, and marks that turn the direction of writing. */
const EVIL = [
  `"}\n${FORGED_JSON}\r\n${FORGED_PRETTY}`,
  `\u2028${FORGED_JSON}\u2029${FORGED_PRETTY}\u0085${FORGED_PRETTY}\v\f`,
  "\x1b[2J\x1b[31m\x1b]0;title\x07\x9b31m\x90q\x9c\b\b\x7f\0",
  "\u202eevil\u202c\u2066x\u2069\u200f\u200e\u061c",
].join("");

/** Everything that ends a line, moves a cursor or turns the direction of writing, but for the log's own line feed. */
// deno-lint-ignore no-control-regex
const DANGEROUS = /[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

Deno.test("a hub can neither forge a log line nor drive the terminal", async () => {
  const bearing = (format: "json" | "pretty") =>
    bear({
      text: EVIL,
      header: "\x9b31m\u202eevil",
      closeReason: EVIL.slice(0, 100),
      format,
      token: "t0ken",
    });
  const [json, pretty] = await Promise.all([bearing("json"), bearing("pretty")]);
  for (const { code, out, err } of [json, pretty]) {
    assert.deepEqual([code, out], [0, ""]);
    const found = DANGEROUS.exec(err);
    assert.equal(found, null, `${JSON.stringify(found?.[0])} in the log`);
  }
  const fromJson = json.err.trimEnd().split("\n").map((line) => parseLogLine(line).event);
  const fromPretty = pretty.err.trimEnd().split("\n").map((line) => {
    const [, event] = /^\d\d:\d\d:\d\d (?:DEBUG|INFO |WARN |ERROR) ([a-z_]+\.[a-z_]+)(?: {2}|$)/.exec(line) ??
      [];
    assert.ok(event, `no line of the log: ${line}`);
    return event;
  });
  for (const events of [fromJson, fromPretty]) {
    assert.ok(!events.includes("forged.line"));
    assert.deepEqual(
      [...new Set(events)].filter((event) => BORNE.includes(event)).toSorted(),
      BORNE.toSorted(),
    );
  }
  // The text itself was there, made harmless.
  assert.ok(json.err.includes("forged.line") && pretty.err.includes("forged.line"));
});
