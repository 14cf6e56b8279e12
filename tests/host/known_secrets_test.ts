import assert from "node:assert/strict";
import fc from "fast-check";
import { KnownSecrets } from "../../lib/host/known_secrets.ts";

const SECRET = 'Zq7"Wm3\\Kx9/Rt5+Lp2=Hv8%Bn4';

Deno.test("a secret is masked as it is, in JSON, in an address and in base64", () => {
  const known = new KnownSecrets([SECRET]);
  assert.equal(known.mask(`a ${SECRET} b ${SECRET}`), "a *** b ***");
  assert.equal(known.mask(JSON.stringify({ password: SECRET })), '{"password":"***"}');
  assert.equal(known.mask(`/?p=${encodeURIComponent(SECRET)}&q=1`), "/?p=***&q=1");
  assert.equal(known.mask(`Basic ${btoa(SECRET)}`), "Basic ***");
});

Deno.test("what was cut out of a secret's start is masked, a common word is not", () => {
  const known = new KnownSecrets(["correct horse battery"]);
  assert.equal(known.mask("args: correct horse b… and more"), "args: ***… and more");
  assert.equal(known.mask("this is correct"), "this is correct");
});

Deno.test("of two secrets, one the start of the other, nothing is left", () => {
  const known = new KnownSecrets(["abcdefghijklmnop", "abcdefghijklmnopqrstuvwxyz"]);
  assert.equal(
    known.mask("<abcdefghijklmnopqrstuvwxyz> <abcdefghijklmnop> <abcdefghijklmnopqrs>"),
    "<***> <***> <***>",
  );
});

Deno.test("very short secrets are left alone, for they are in every text", () => {
  assert.equal(new KnownSecrets(["abc", ""]).mask("abcabc"), "abcabc");
});

Deno.test("data is masked at every depth, in names and values; what is no text stays", () => {
  const known = new KnownSecrets(["hunter22"]);
  const data = { hunter22: [1, true, null, { text: "is hunter22!" }] };
  assert.deepEqual(known.maskAll(data), { "***": [1, true, null, { text: "is ***!" }] });
});

Deno.test("an error and its causes are masked in place, and stay what they are", () => {
  const known = new KnownSecrets(["hunter22"]);
  const error = new TypeError("cannot: hunter22", { cause: new RangeError("for hunter22") });
  known.maskError(error);
  assert.ok(error instanceof TypeError);
  assert.equal(error.message, "cannot: ***");
  assert.equal((error.cause as Error).message, "for ***");
  assert.doesNotMatch(`${error.stack}${(error.cause as Error).stack}`, /hunter22/);
});

Deno.test("no secret is ever left in a text that it was put into", () => {
  const secret = fc.string({ minLength: 4, maxLength: 40, unit: "grapheme" }).filter((text) =>
    !text.includes("*")
  );
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 4 }),
      fc.string(),
      fc.string(),
      (secrets, a, b) => {
        const known = new KnownSecrets(secrets);
        for (const one of secrets) assert.ok(!known.mask(`${a}*${one}*${b}`).includes(`*${one}*`), one);
      },
    ),
  );
});
