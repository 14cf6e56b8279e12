import assert from "node:assert/strict";
import fc from "fast-check";
import { expandGlob, matchesGlob } from "../../lib/host/files/glob.ts";
import { TempFolder } from "../config/temp_folder.ts";

const never = new AbortController().signal;

Deno.test("names fit patterns as a shell would have it", () => {
  const cases: [path: string, pattern: string, fits: boolean][] = [
    ["/a/b.log", "/a/*.log", true],
    ["/a/b/c.log", "/a/*.log", false],
    ["/a/.b.log", "/a/*.log", false],
    ["/a/.b.log", "/a/.*.log", true],
    ["/a/b/c/d", "/a/**/d", true],
    ["/a/d", "/a/**/d", true],
    ["/a/b1", "/a/b[0-9]", true],
    ["/a/bx", "/a/b[!0-9]", true],
    ["/a/b-", "/a/b[a-]", true],
    ["/a/b]", "/a/b[]]", true],
    ["/a/b", "/a/{b,c}", true],
    ["/a/c2", "/a/{b,c{1,2}}", true],
    ["/a/d", "/a/{b,c}", false],
    ["/a/bb", "/a/b?", true],
    ["/a/b", "/a/b?", false],
    ["/a/xaybz", "/a/*a*b*", true],
    ["/a/[", "/a/[", true],
    ["/a/{b", "/a/{b", true],
  ];
  for (const [path, pattern, fits] of cases) {
    assert.equal(matchesGlob(path, pattern), fits, `${path} ${pattern}`);
  }
});

Deno.test("a pattern finds the files that fit it, sorted, and not more than is asked for", async () => {
  await using folder = new TempFolder();
  for (const name of ["b.log", "a.log", "c.txt"]) folder.write(name, "");
  Deno.mkdirSync(folder.at("sub/deep"), { recursive: true });
  folder.write("sub/d.log", "");
  folder.write("sub/deep/e.log", "");
  Deno.symlinkSync(folder.path, folder.at("sub/loop"));
  const find = async (pattern: string, maxPaths = 100) => {
    const { paths, cut } = await expandGlob(folder.at(pattern), { maxPaths, signal: never });
    return [...paths.map((path) => path.slice(folder.path.length + 1)), ...(cut ? ["cut"] : [])];
  };
  assert.deepEqual(await find("*.log"), ["a.log", "b.log"]);
  assert.deepEqual(await find("**/*.log"), ["a.log", "b.log", "sub/d.log", "sub/deep/e.log"]);
  assert.deepEqual(await find("sub/*/e.log"), ["sub/deep/e.log"]);
  assert.deepEqual(await find("{a,b,x}.log"), ["a.log", "b.log"]);
  assert.deepEqual(await find("none/*"), []);
  assert.deepEqual(await find("a.log"), ["a.log"]);
  assert.deepEqual(await find("*.log", 1), ["a.log", "cut"]);
});

Deno.test("property: what is found fits, and no pattern takes long", () => {
  const part = fc.string({
    unit: fc.constantFrom("a", "b", "*", "?", "[", "]", "{", ",", "}", "-", "!", "."),
    maxLength: 20,
  });
  fc.assert(fc.property(part, fc.string({ unit: fc.constantFrom("a", "b", "-") }), (pattern, name) => {
    assert.equal(typeof matchesGlob(`/${name}`, `/${pattern}`), "boolean");
  }));
  assert.equal(matchesGlob(`/${"a".repeat(255)}`, `/${"*a".repeat(100)}b`), false);
});
