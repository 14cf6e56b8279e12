import assert from "node:assert/strict";
import fc from "fast-check";
import { readCapped, readPrompt, readWhole } from "../../lib/host/read_capped.ts";
import { TempFolder } from "../config/temp_folder.ts";

const CHUNK = 64 * 1024;

Deno.test("property: whatever the length, the text is the file's, or its beginning without half a character", async () => {
  await using folder = new TempFolder();
  const path = folder.at("file");
  const length = fc.oneof(fc.nat(20), fc.integer({ min: CHUNK - 3, max: CHUNK + 3 }), fc.nat(3 * CHUNK));
  const letter = fc.constantFrom("a", "é", "€", "😀");
  await fc.assert(
    fc.asyncProperty(
      length,
      letter,
      fc.oneof(fc.constant(Infinity), length),
      async (chars, one, maxBytes) => {
        const text = "x".repeat(chars % 5) + one.repeat(chars);
        const bytes = new TextEncoder().encode(text);
        await Deno.writeFile(path, bytes);
        const kept = bytes.subarray(0, Math.min(maxBytes, bytes.length));
        const expected = new TextDecoder().decode(kept).replace(/\ufffd+$/, "");
        assert.equal(readPrompt(path, maxBytes), expected);
        assert.equal(readWhole(path, maxBytes), expected);
        assert.equal(await readCapped(path, maxBytes), expected);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("files that are read side by side do not get into each other's text", async () => {
  await using folder = new TempFolder();
  const texts = Array.from({ length: 20 }, (_, n) => String.fromCharCode(97 + n).repeat(CHUNK + n));
  const paths = texts.map((text, n) => folder.write(`file${n}`, text));
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await Promise.all(paths.map((path) => readCapped(path, Infinity))), texts);
  }
});

Deno.test("bytes that are no text are shown as such, also at the very end", async () => {
  await using folder = new TempFolder();
  const path = folder.at("file");
  await Deno.writeFile(path, new Uint8Array([97, 255, 98, 0xc3]));
  assert.equal(readPrompt(path, 100), "a\ufffdb\ufffd");
  assert.equal(await readCapped(path, 100), "a\ufffdb\ufffd");
});
