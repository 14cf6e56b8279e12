import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalJson } from "../../lib/protocol/mod.ts";

/** The number whose IEEE 754 bits these are. */
function ofBits(hex: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
}

Deno.test("RFC 8785, 3.2.2: primitive values", () => {
  const value = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`);
  assert.equal(
    canonicalJson(value),
    String
      .raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  );
});

Deno.test("RFC 8785, 3.2.3: members stand in the order of their names' UTF-16 code units", () => {
  const value = JSON.parse(String.raw`{
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis"
  }`);
  assert.deepEqual([...canonicalJson(value).matchAll(/:"([^"]*)"/g)].map(([, text]) => text), [
    "Carriage Return",
    "One",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
  ]);
});

const numbers: [string, string][] = [
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
];

Deno.test("RFC 8785, appendix B: numbers", () => {
  for (const [bits, text] of numbers) assert.equal(canonicalJson(ofBits(bits)), text, bits);
  for (const bits of ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"]) {
    assert.throws(() => canonicalJson(ofBits(bits)), TypeError, bits);
  }
});

Deno.test("what is no JSON value is refused", () => {
  const sparse: unknown[] = [];
  sparse[1] = 1;
  const others = [undefined, () => 1, Symbol("s"), 1n, new Date(0), new Map(), sparse, { a: undefined }];
  for (const value of others) assert.throws(() => canonicalJson(value), TypeError);
  for (const text of ["\ud800", "\udfff", "a\ud83d", "\ude00\ud83d"]) {
    assert.throws(() => canonicalJson(text), /lone surrogate/);
    assert.throws(() => canonicalJson({ [text]: 1 }), /lone surrogate/);
  }
});

Deno.test("what is nested too deeply is refused, whoever made it", () => {
  const nested = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  assert.equal(canonicalJson(nested(100)).length, 200);
  assert.throws(() => canonicalJson(nested(101)), RangeError);
  assert.throws(() => canonicalJson(nested(400_000)), RangeError);
});

Deno.test("a member named __proto__ is a member like any other", () => {
  assert.equal(canonicalJson(JSON.parse('{"b":1,"__proto__":{"a":2}}')), '{"__proto__":{"a":2},"b":1}');
});

Deno.test("it says the same as the value, whatever order its members were in", () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).reverse().map(([name, inner]) => [name, shuffled(inner)]),
    );
  };
  fc.assert(fc.property(fc.jsonValue({ depthSize: "medium" }), (value) => {
    const text = canonicalJson(value);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    assert.equal(canonicalJson(JSON.parse(text)), text);
    assert.equal(canonicalJson(shuffled(JSON.parse(text))), text);
  }));
});
