import assert from "node:assert/strict";
import { checkersMissing, READ_INPUT, runChecker, whySkipped } from "./outside_tool.ts";

const ROOT = new URL("../../", import.meta.url);
const text = await Deno.readTextFile(new URL("packaging/docker/Dockerfile", ROOT));

const LINTER = `import { validate } from "dockerfile-utils";
${READ_INPUT}
console.log(JSON.stringify(validate(input).map(({ message }) => message)));`;

Deno.test({
  name: `the Dockerfile is one${whySkipped}`,
  ignore: checkersMissing !== undefined,
  async fn() {
    const { ok, out, err } = await runChecker(LINTER, text);
    assert.ok(ok, err);
    assert.deepEqual(JSON.parse(out), []);
    const broken = await runChecker(LINTER, text.replace("ENTRYPOINT", "ENTRPOINT"));
    assert.match(broken.out, /ENTRPOINT/);
  },
});

/** Each stage's instructions, by its name. */
function stages(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.replaceAll(/\\\n/g, " ").split("\n")) {
    const [, base, name] = /^FROM (\S+) AS (\S+)$/.exec(line) ?? [];
    if (base !== undefined && name !== undefined) {
      lines = [...found.get(base) ?? []];
      found.set(name, lines);
    } else if (line !== "" && !line.startsWith("#")) lines.push(line);
  }
  return found;
}

Deno.test("both images run as a user of their own, without what built them", () => {
  for (const name of ["agent", "hub"]) {
    const lines = stages().get(name) ?? [];
    assert.equal(lines.findLast((line) => line.startsWith("USER ")), "USER 65532:65532");
    const copied = lines.filter((line) => line.startsWith("COPY --from=build"));
    assert.deepEqual(copied.length, 1, "one executable");
  }
});

Deno.test("the agent's image has a health check and says where the node's files are", async () => {
  const lines = stages().get("agent") ?? [];
  assert.ok(lines.some((line) => /^HEALTHCHECK .*CMD \["\/usr\/bin\/pawl", "status"\]$/.test(line)));
  assert.ok(lines.includes("COPY packaging/docker/pawl.toml /etc/pawl/pawl.toml"));
  const config = await Deno.readTextFile(new URL("packaging/docker/pawl.toml", ROOT));
  assert.match(config, /procfs = "\/host\/proc"\nsysfs = "\/host\/sys"/);
});

Deno.test("what is copied in exists, and the context lets it through", async () => {
  const passed = (await Deno.readTextFile(new URL("packaging/docker/Dockerfile.dockerignore", ROOT)))
    .split("\n").filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  const sources = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, words = ""]) =>
    words.split(" ")
  );
  assert.deepEqual(sources.toSorted(), passed.toSorted());
  for (const source of sources) await Deno.stat(new URL(source, ROOT));
});

Deno.test("the image is built with the runtime that CI tests", async () => {
  const ci = await Deno.readTextFile(new URL(".ci/run", ROOT));
  const [version] = /deno@[\d.]+/.exec(ci) ?? [];
  assert.ok(version !== undefined && text.includes(` ${version}\n`), version);
});
