import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

interface DocLink {
  /** `docs/x.md:12`. */
  readonly place: string;
  readonly page: string;
  readonly target: string;
  readonly anchor: string | undefined;
  /** What is said of it in quotes: the name of a test, where the target is one. */
  readonly title: string | undefined;
}

async function pages(): Promise<string[]> {
  const found = ["README.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", root))) {
    if (name.endsWith(".md")) found.push(`docs/${name}`);
  }
  return found.sort();
}

/** Without what only looks like Markdown: code. Lines stay where they are. */
function prose(text: string): string {
  return text.replaceAll(/^```.*?^```/gms, (block) => block.replaceAll(/[^\n]/g, ""));
}

async function links(): Promise<DocLink[]> {
  const all: DocLink[] = [];
  for (const page of await pages()) {
    const text = prose(await Deno.readTextFile(new URL(page, root)));
    for (const match of text.matchAll(/\]\(([^()\s]+)(?:\s+"([^"]*)")?\)/g)) {
      const [path = "", anchor] = (match[1] ?? "").split("#");
      if (/^[a-z]+:/.test(path)) continue;
      const line = text.slice(0, match.index).split("\n").length;
      const title = match[2]?.replaceAll(/\s+/g, " ");
      all.push({ place: `${page}:${line}`, page, target: path, anchor, title });
    }
  }
  return all;
}

function urlOf({ page, target }: DocLink): URL {
  return target === "" ? new URL(page, root) : new URL(target, new URL(page, root));
}

/** The names of a file's tests; what is filled in reads "…". */
function testNames(source: string): string[] {
  const literals = source.matchAll(
    /(?:Deno\.test|^\s*test|\.step)\(\s*(?:\{\s*name:\s*)?(["`])((?:\\.|(?!\1).)*)\1/gms,
  );
  return [...literals].map((match) =>
    (match[2] ?? "").replaceAll(/\$\{[^}]*\}/g, "…").replaceAll(/\\(.)/g, "$1")
  );
}

/** How a heading is linked to. */
function anchorsOf(text: string): Set<string> {
  return new Set(
    [...prose(text).matchAll(/^#+ +(.+)$/gm)].map(([, heading = ""]) =>
      heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-")
    ),
  );
}

Deno.test("every file that a page links to is there, and every heading", async () => {
  const broken: string[] = [];
  for (const link of await links()) {
    const url = urlOf(link);
    try {
      const { isFile } = await Deno.stat(url);
      if (link.anchor === undefined || !isFile) continue;
      if (!anchorsOf(await Deno.readTextFile(url)).has(link.anchor)) {
        broken.push(`${link.place}: ${link.target} has no heading #${link.anchor}`);
      }
    } catch {
      broken.push(`${link.place}: ${link.target} is not there`);
    }
  }
  assert.deepEqual(broken, []);
});

Deno.test("every file of tests that a page speaks of is there", async () => {
  const missing: string[] = [];
  for (const page of await pages()) {
    const text = await Deno.readTextFile(new URL(page, root));
    for (const [path] of text.matchAll(/\btests\/[\w./-]+\.ts\b/g)) {
      const isThere = await Deno.stat(new URL(path, root)).then(() => true, () => false);
      if (!isThere) missing.push(`${page}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
});

Deno.test("every test that a page names is in the file that it links to", async () => {
  const wrong: string[] = [];
  let named = 0;
  for (const link of await links()) {
    if (link.title === undefined) continue;
    named++;
    const url = urlOf(link);
    const source = url.pathname.endsWith("_test.ts")
      ? await Deno.readTextFile(url).catch(() => undefined)
      : undefined;
    if (source === undefined || !testNames(source).includes(link.title)) {
      wrong.push(`${link.place}: ${link.target} has no test "${link.title}"`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(named > 30, `only ${named} claims name their test`);
});

Deno.test("each claim about security names the test that shows it", async () => {
  const text = await Deno.readTextFile(new URL("docs/security.md", root));
  const rows = [...text.matchAll(/^\| (?!claim |-)(.+?) +\| +(.*?) +\|$/gm)];
  assert.ok(rows.length > 20, `only ${rows.length} claims`);
  for (const [, claim = "", shown = ""] of rows) {
    assert.match(shown, /\]\(\.\.\/tests\/[\w./-]+_test\.ts "[^"]+"\)/, claim);
  }
});

Deno.test("every page is reached from the README", async () => {
  const readme = new Set(
    (await links()).filter(({ page }) => page === "README.md").map(({ target }) => target),
  );
  assert.deepEqual((await pages()).filter((page) => page.startsWith("docs/") && !readme.has(page)), []);
});
