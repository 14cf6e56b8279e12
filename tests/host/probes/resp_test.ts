import assert from "node:assert/strict";
import fc from "fast-check";
import {
  encodeCommand,
  RespErrorReply,
  respPairs,
  RespParser,
  respText,
  type RespValue,
} from "../../../lib/host/probes/resp.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function parse(text: string, options = {}): RespValue[] {
  const parser = new RespParser(options);
  parser.push(bytes(text));
  const values: RespValue[] = [];
  for (let value = parser.next(); value !== undefined; value = parser.next()) values.push(value);
  return values;
}

/** As a server writes it. */
function encode(value: RespValue): Uint8Array {
  const parts: number[] = [];
  const add = (more: Uint8Array | string) => parts.push(...(typeof more === "string" ? bytes(more) : more));
  if (value === null) add("$-1\r\n");
  else if (typeof value === "number") add(`:${value}\r\n`);
  else if (typeof value === "string") add(`+${value}\r\n`);
  else if (value instanceof RespErrorReply) add(`-${value.message}\r\n`);
  else if (value instanceof Uint8Array) {
    add(`$${value.length}\r\n`);
    add(value);
    add("\r\n");
  } else {
    add(`*${value.length}\r\n`);
    for (const item of value) add(encode(item));
  }
  return Uint8Array.from(parts);
}

const word = fc.stringMatching(/^[A-Za-z0-9 _.:-]*$/);
const { reply } = fc.letrec<{ reply: RespValue; list: RespValue[] }>((tie) => ({
  reply: fc.oneof(
    { depthSize: "small", maxDepth: 5 },
    fc.constant(null),
    fc.maxSafeInteger(),
    word,
    word.map((text) => new RespErrorReply(text)),
    fc.uint8Array({ maxLength: 200 }),
    tie("list"),
  ),
  list: fc.array(tie("reply"), { maxLength: 6 }),
}));

Deno.test("replies of every kind are read", () => {
  const [ok, error, number, bulk, nothing, list] = parse(
    "+OK\r\n-ERR no such\r\n:-42\r\n$3\r\na\r\n\r\n*-1\r\n*2\r\n$-1\r\n*0\r\n",
  );
  assert.equal(ok, "OK");
  assert.deepEqual(error, new RespErrorReply("ERR no such"));
  assert.equal((error as RespErrorReply).code, "ERR");
  assert.equal(number, -42);
  assert.equal(respText(bulk), "a\r\n");
  assert.equal(nothing, null);
  assert.deepEqual(list, [null, []]);
});

Deno.test("replies are the same however they are cut", () => {
  fc.assert(
    fc.property(
      fc.array(reply, { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (replies, steps) => {
        const wire = Uint8Array.from(replies.flatMap((value) => [...encode(value)]));
        const parser = new RespParser();
        const got: RespValue[] = [];
        for (let at = 0; at < wire.length;) {
          const step = steps.next().value ?? 1;
          parser.push(wire.subarray(at, at + step));
          at += step;
          for (let value = parser.next(); value !== undefined; value = parser.next()) got.push(value);
        }
        assert.deepEqual(got, replies);
      },
    ),
  );
});

Deno.test("arbitrary bytes are read, or refused in words, and never set memory aside", () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(
      fc.oneof(fc.constantFrom("*", "$", ":", "+", "-", "\r\n", "999999999999", "-2", "1", "0", "x")),
      { maxLength: 60 },
    )
      .map((parts) => bytes(parts.join(""))),
  );
  fc.assert(
    fc.property(hostile, (input) => {
      const parser = new RespParser({ maxReplyBytes: 4096 });
      try {
        parser.push(input);
        while (parser.next() !== undefined);
      } catch (error) {
        assert.ok(error instanceof SyntaxError || error instanceof RangeError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("announced lengths beyond the cap are refused before their bytes come", () => {
  for (const head of ["$1073741824\r\n", "*1073741824\r\n", "$9999999999999999999\r\n"]) {
    assert.throws(() => parse(head), RangeError, head);
  }
  assert.throws(() => parse(`*3\r\n$60\r\n${"a".repeat(60)}\r\n$60\r\n`, { maxReplyBytes: 100 }), RangeError);
  assert.throws(() => parse("*1\r\n".repeat(100)), RangeError);
  assert.throws(() => parse("+" + "a".repeat(70_000)), SyntaxError);
  assert.throws(() => parse("HTTP/1.1 400 Bad Request\r\n"), SyntaxError);
  assert.throws(() => parse("$-2\r\n"), SyntaxError);
  assert.throws(() => parse("$1\r\nab\r\n"), SyntaxError);
});

Deno.test("a cap counts for each reply, not for all of them", () => {
  assert.equal(parse(`$60\r\n${"a".repeat(60)}\r\n`.repeat(50), { maxReplyBytes: 100 }).length, 50);
});

Deno.test("a command's words may hold any bytes", () => {
  const command = encodeCommand(["GET", Uint8Array.of(0, 13, 10, 255)]);
  assert.deepEqual([...command], [...bytes("*2\r\n$3\r\nGET\r\n$4\r\n"), 0, 13, 10, 255, 13, 10]);
});

Deno.test("names and values in turns become pairs; what is no text is left out", () => {
  assert.deepEqual(respPairs([bytes("a"), 1, "b", bytes("2"), "c", null, "odd"]), { a: "1", b: "2" });
});
