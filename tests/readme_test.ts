import assert from "node:assert/strict";
import { FakeHub } from "./fakes/fake_hub.ts";

const root = new URL("../", import.meta.url);

async function section(page: string, title: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(page, root));
  const found = text.split(/^## /m).find((part) => part.startsWith(title));
  assert.ok(found, `${page} has no section "${title}"`);
  return found;
}

Deno.test(
  "the snippet for embedders makes an agent that registers and answers with the embedder's own runner",
  {
    timeout: 60_000,
  },
  async () => {
    const snippet = /```ts\n(.*?)```/s.exec(await section("docs/development.md", "As a library"))?.[1] ?? "";
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
  },
);

Deno.test("the page of commands lists every command there is, and no other", async () => {
  const main = await Deno.readTextFile(new URL("main.ts", root));
  const existing = [...main.matchAll(/^ {2}(\w+): \{$/gm)].map((match) => match[1]).sort();
  const page = await Deno.readTextFile(new URL("docs/commands.md", root));
  const listed = [...page.matchAll(/^\| `pawl (\w+)` /gm)].map((match) => match[1]);
  assert.deepEqual(listed.sort(), existing);
});

Deno.test("the page for developers lists every task that people call", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const page = await section("docs/development.md", "Tasks");
  const listed = [...page.matchAll(/^\| `deno task ([\w:]+)`/gm)].map((match) => match[1]).sort();
  const described = Object.entries(tasks).filter(([, task]) => typeof task === "object").map(([name]) =>
    name
  );
  assert.deepEqual(listed, described.sort());
});

Deno.test("the README is one screen, with the two commands that show it at work", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", root));
  assert.ok(readme.split("\n").length <= 80);
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const called = [...readme.matchAll(/^npx --yes deno@2\.9\.6 task (\w+)/gm)].map((match) => match[1] ?? "");
  assert.deepEqual(called.slice(0, 2), ["demo", "test"]);
  for (const task of called) assert.ok(task in tasks, task);
});
