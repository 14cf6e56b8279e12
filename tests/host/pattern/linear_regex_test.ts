import assert from "node:assert/strict";
import fc from "fast-check";
import { linePattern } from "../../../lib/host/pattern/line_pattern.ts";
import { LinearRegex } from "../../../lib/host/pattern/linear_regex.ts";

/** Pieces of expressions, put together: most of what comes out can be used. */
const expression = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(
      "a",
      "b",
      "c",
      "é",
      "-",
      " ",
      ".",
      "\\d",
      "\\w",
      "\\W",
      "\\s",
      "\\S",
      "\\D",
      "\\.",
      "[ab]",
      "[^ab]",
    ),
    fc.constantFrom(
      "[a-c1-3]",
      "[\\d_-]",
      "[^\\s]",
      "[]a]",
      "[^]",
      "[]",
      "^",
      "$",
      "\\b",
      "\\B",
      "\\x61",
      "\\u00e9",
      "\\t",
      "",
    ),
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => a + b),
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => `(${a}|${b})`),
    fc.tuple(tie("node"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{0,2}?", "{2,}", "*?", "+?"))
      .map(([a, quantifier]) => `(?:${a})${quantifier}`),
  ),
})).node;

const text = fc.string({
  unit: fc.constantFrom("a", "b", "c", "A", "é", "1", "3", "-", " ", "_", ".", "\n", "]"),
});

Deno.test("property: it finds what the platform's own expressions find", () => {
  fc.assert(
    fc.property(
      expression,
      fc.array(text, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      (source, texts, ignoreCase) => {
        const regex = new LinearRegex(source, { ignoreCase });
        const platform = new RegExp(source, ignoreCase ? "i" : "");
        for (const text of texts) {
          assert.equal(
            regex.test(text),
            platform.test(text),
            `/${source}/ on ${JSON.stringify(text)}`,
          );
        }
      },
    ),
    { numRuns: 1500 },
  );
});

Deno.test("property: any text is either an expression or refused with a reason", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(..."ab\\[](){}|*+?.^$-,1") }),
      fc.string(),
      (source, text) => {
        let regex: LinearRegex;
        try {
          regex = new LinearRegex(source);
        } catch (error) {
          assert.ok(error instanceof SyntaxError);
          assert.match(error.message, /^cannot use \//);
          return;
        }
        assert.equal(regex.test(text), new RegExp(source).test(text));
      },
    ),
    { numRuns: 1500 },
  );
});

Deno.test("expressions that take other engines for ever cost no more than the line is long", () => {
  for (
    const source of ["(a+)+$", "(a|a)*b", "(.*a){12}$", ".*.*.*.*=.*x", "(\\w+\\s?)*!$", "(a?){300}a{300}b"]
  ) {
    const regex = new LinearRegex(source);
    const startMs = performance.now();
    for (let turn = 0; turn < 3; turn++) regex.test("a".repeat(8192) + "%");
    assert.ok(performance.now() - startMs < 5000, source);
  }
});

Deno.test("what cannot be done in linear time is refused, and the message says what it is", () => {
  const refused: [source: string, why: RegExp][] = [
    ["(?=a)b", /look-around/],
    ["(?<!a)b", /look-around/],
    ["(a)\\1", /back-reference/],
    ["(?<n>a)\\k<n>", /back-reference/],
    ["(", /without its `\)`/],
    ["a)", /without its `\(`/],
    ["[a", /without its `\]`/],
    ["*a", /nothing to repeat/],
    ["a{2,1}", /wrong order/],
    ["((a{900}){900}){900}", /too long/],
    ["a{5000}", /more than 1000/],
    ["[z-a]", /wrong order/],
    ["\\q", /does not know/],
    ["(".repeat(60) + ")".repeat(60), /deep/],
    ["a\\", /at the end/],
  ];
  for (const [source, why] of refused) {
    assert.throws(() => new LinearRegex(source), { name: "SyntaxError", message: why });
  }
});

Deno.test("a pattern is a text unless it stands between slashes", () => {
  assert.equal(linePattern("a.c").matches("xa.cx"), true);
  assert.equal(linePattern("a.c").matches("abc"), false);
  assert.equal(linePattern("/a.c/").matches("abc"), true);
  assert.equal(linePattern("/a.c/").matches("ABC"), false);
  assert.equal(linePattern("/a.c/i").matches("ABC"), true);
  assert.equal(linePattern("/var/log").matches("open /var/log"), true);
  assert.throws(() => linePattern("/(a/"), SyntaxError);
  assert.throws(() => linePattern("a".repeat(513)), SyntaxError);
});
