import assert from "node:assert/strict";
import { FakeHub } from "./fakes/fake_hub.ts";

const root = new URL("../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));

function section(title: string): string {
  const found = readme.split(/^## /m).find((part) => part.startsWith(title));
  assert.ok(found, `README.md has no section "${title}"`);
  return found;
}

Deno.test("the README's snippet makes an agent that registers and answers with the embedder's own runner", {
  timeout: 60_000,
}, async () => {
  const snippet = /```ts\n(.*?)```/s.exec(section("As a library"))?.[1] ?? "";
  await using hub = await FakeHub.start();
  const folder = await Deno.makeTempDir();
  const code = snippet
    .replace('"./lib/agent.ts"', JSON.stringify(new URL("lib/agent.ts", root).href))
    .replace("ws://127.0.0.1:8080", hub.address)
    .replace("/tmp/pawl-example", `${folder}/state`);
  assert.notEqual(code, snippet);
  const file = `${folder}/snippet.ts`;
  await Deno.writeTextFile(file, code);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--check", "--config", new URL("deno.json", root).pathname, "-P=agent", file],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  try {
    const connection = await hub.nextConnection();
    await connection.next("register");
    const payload = { session_id: "s", session_type: "inspect", params: { plugin: "mem" } };
    connection.send({ type: "session_start", payload });
    const last = await connection.next((message) =>
      message.type === "session_output" && message.payload.done
    );
    assert.equal(last.type === "session_output" && last.payload.report, "# mem is well");
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the README lists every command there is, and no other", async () => {
  const main = await Deno.readTextFile(new URL("main.ts", root));
  const existing = [...main.matchAll(/^ {2}(\w+): \{$/gm)].map((match) => match[1]).sort();
  const listed = new Set([...section("Commands").matchAll(/^\| `pawl (\w+)/gm)].map((match) => match[1]));
  listed.delete("help"); // serves the others, and is no module of its own
  assert.deepEqual([...listed].sort(), existing);
});

Deno.test("the README lists every task that people call", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const listed = [...section("Commands").matchAll(/^\| `deno task (\w+)`/gm)].map((match) => match[1]).sort();
  const described = Object.entries(tasks).filter(([, task]) => typeof task === "object").map(([name]) =>
    name
  );
  assert.deepEqual(listed, described.sort());
});

Deno.test("every file that the documentation links to exists", async () => {
  const files = ["README.md"];
  for await (const entry of Deno.readDir(new URL("docs/", root))) files.push(`docs/${entry.name}`);
  for (const file of files) {
    const text = await Deno.readTextFile(new URL(file, root));
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      await Deno.stat(new URL(target, new URL(file, root)));
    }
  }
});
