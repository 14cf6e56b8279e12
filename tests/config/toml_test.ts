import assert from "node:assert/strict";
import fc from "fast-check";
import { lineOf, parseToml, TomlSyntaxError } from "../../lib/config/toml.ts";

Deno.test("a syntax error is one line without a picture of the text", () => {
  assert.throws(() => parseToml('a = 1\nsecret = "hunter2\n'), (error) => {
    assert.ok(error instanceof TomlSyntaxError);
    assert.equal(error.line, 2);
    assert.ok(error.column > 1);
    assert.doesNotMatch(error.message, /\n|hunter2/);
    assert.doesNotMatch(Deno.inspect(error), /hunter2/);
    return true;
  });
});

Deno.test("keys are found where their statements begin", () => {
  const text = [
    "a = 1", // 1
    "# a comment", // 2
    'b = """', // 3
    "c = 5", // 4
    '"""', // 5
    "list = [", // 6
    "  { d = 1 },", // 7
    "]", // 8
    "[t.u]", // 9
    "e.f = 2", // 10
    "[[n]]", // 11
    "[[n]] # again", // 12
    "g = 3\r", // 13
  ].join("\n");
  const line = (...path: (string | number)[]) => lineOf(text, path);
  assert.equal(line("a"), 1);
  assert.equal(line("b"), 3);
  assert.equal(line("c"), undefined);
  assert.equal(line("list", 0, "d"), 6);
  assert.equal(line("t"), 9);
  assert.equal(line("t", "u", "e", "f"), 10);
  assert.equal(line("n", 0), 11);
  assert.equal(line("n", 1), 12);
  assert.equal(line("n", 1, "g"), 13);
});

Deno.test("any number of keys, blank lines and comments leave each key on its own line", () => {
  const filler = fc.constantFrom("", "# x", "  ", "#");
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 3 }).chain((count) => fc.array(filler, { maxLength: count }))),
      (gaps) => {
        const lines: string[] = [];
        const expected = gaps.map((gap, index) => {
          lines.push(...gap, `k${index} = ${index}`);
          return lines.length;
        });
        assert.deepEqual(gaps.map((_, index) => lineOf(lines.join("\n"), [`k${index}`])), expected);
      },
    ),
    { numRuns: 30 },
  );
});
