import assert from "node:assert/strict";
import { ConfigError } from "../../lib/config/config_error.ts";
import { SigningKey } from "../../lib/hub/mod.ts";
import { loadFrom } from "./load_from.ts";

const { publicLine: LINE } = SigningKey.generate();

const load = (...lines: string[]) => loadFrom(`[remote]\ntrusted_keys = ${JSON.stringify(lines)}\n`);

Deno.test("keys are trusted by the line that keygen prints", async () => {
  const other = SigningKey.generate();
  const { remote } = await load(LINE, ` ${other.publicLine}\n`);
  assert.deepEqual(
    remote.trustedKeys.map(({ keyId, publicKey }) => `ed25519:${keyId}:${publicKey.toBase64()}`),
    [LINE, other.publicLine],
  );
  assert.deepEqual((await loadFrom("")).remote.trustedKeys, []);
});

/** The line with the character at `at` replaced. */
function slip(at: number): string {
  const next = LINE[at] === "a" ? "b" : "a";
  return LINE.slice(0, at) + next + LINE.slice(at + 1);
}

Deno.test("a line that is not one is an error that does not quote it: it may be the private key", async () => {
  const pem = SigningKey.generate().toPem();
  const cases: [string, RegExp][] = [
    ["", /it is not "ed25519:"/],
    ["rsa:0123456789abcdef:AAAA", /it is not "ed25519:"/],
    [LINE.toUpperCase(), /it is not "ed25519:"/],
    [LINE.slice(0, -1), /it is not "ed25519:"/],
    [pem, /it is not "ed25519:"/],
    [slip(10), /its key id does not fit its public key/],
    [slip(30), /its key id does not fit its public key/],
  ];
  for (const [line, expected] of cases) {
    await assert.rejects(load(LINE, line), (error: unknown) => {
      assert.ok(error instanceof ConfigError, line);
      assert.match(error.message, /pawl\.toml:2: remote\.trusted_keys cannot be used: [^\n]*keygen printed$/);
      assert.match(error.message, expected);
      assert.ok(line === "" || !error.message.includes(line.slice(8, 40)));
      return true;
    });
  }
  await assert.rejects(loadFrom(`[remote]\ntrusted_keys = "${LINE}"\n`), /must be a list/);
});
