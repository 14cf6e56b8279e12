import assert from "node:assert/strict";
import fc from "fast-check";
import { errorText, MAX_ERROR_BYTES } from "../../lib/sessions/error_text.ts";

Deno.test("an error's text is its message and those of its causes", () => {
  const cause = new Error("timed out", { cause: new Error("no route") });
  assert.equal(errorText(new Error("cannot ask", { cause })), "cannot ask: timed out: no route");
});

Deno.test("a cause that its error quotes already is not told twice", () => {
  const cause = new Error("no route", { cause: new Error("ICMP 3/1") });
  assert.equal(errorText(new Error("cannot dial: no route", { cause })), "cannot dial: no route: ICMP 3/1");
});

Deno.test("a ring of causes ends", () => {
  const error = new Error("chicken");
  error.cause = new Error("egg", { cause: error });
  assert.equal(errorText(error), "chicken: egg");
});

Deno.test("an error without a message goes by its name", () => {
  assert.equal(errorText(new TypeError()), "TypeError");
});

Deno.test("control characters become spaces", () => {
  assert.equal(errorText(new Error("a\u001b[31m\tb\u2028c\u0000\n")), "a [31m b c");
});

Deno.test("an error that throws when it is read still has a text", () => {
  const trap = new Proxy({}, {
    get() {
      throw new Error("no");
    },
  });
  assert.equal(errorText(trap), "an error that cannot be read");
  assert.equal(errorText(Symbol("s")), "Symbol(s)");
});

Deno.test("whatever is thrown gives one non-empty line within the bound", () => {
  fc.assert(fc.property(
    fc.oneof(fc.anything(), fc.string({ unit: "binary", maxLength: 3000 }).map((text) => new Error(text))),
    (thrown) => {
      const text = errorText(thrown);
      assert.ok(text.length > 0);
      assert.ok(new TextEncoder().encode(text).length <= MAX_ERROR_BYTES);
      assert.doesNotMatch(text, /\p{Cc}/u);
    },
  ));
});
