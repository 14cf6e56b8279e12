import assert from "node:assert/strict";
import { commands } from "../../main.ts";
import { capture } from "./captured_context.ts";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";

/** The words that lead to each command and to those under it. */
async function everyCommand(): Promise<{ words: string[]; name: string }[]> {
  const nothing = { out: () => {}, err: () => {}, exitCode: 0 };
  const found: { words: string[]; name: string }[] = [];
  const visit = (command: CommandUnknownOpts, name: string, words: string[]) => {
    found.push({ words, name });
    for (const inner of command.commands) visit(inner, name, [...words, inner.name()]);
  };
  for (const [name, { load }] of Object.entries(commands)) visit((await load()).command(nothing), name, []);
  return found;
}

Deno.test("every command helps, says what each part of it is, and a default once", async () => {
  const all = await everyCommand();
  assert.ok(all.length > 20);
  for (const { name, words } of all) {
    const { command } = await commands[name]?.load() ?? assert.fail(name);
    const { code, out, err } = await capture(command, ...words, "--help");
    const path = [name, ...words].join(" ");
    assert.deepEqual([code, err], [0, ""], path);
    assert.match(out, /^Usage: pawl /, path);
    // After the usage comes what it does: a sentence without its full stop.
    assert.match(out.split("\n\n")[1] ?? "", /^[A-Z][^.]{20,}/, path);
    assert.doesNotMatch(out, /default: (?:\{\}|\[\]|"")/, path);
    for (const entry of out.replaceAll(/\n {10,}/g, " ").split("\n")) {
      assert.ok(entry.split("(default").length <= 2, `${path}: ${entry}`);
      if (/^ {2}-/.test(entry)) assert.match(entry, /^ {2}-\S.*? {2,}\S/, `${path}: ${entry}`);
    }
  }
});

Deno.test("a command is named alike in the list and in its own help", async () => {
  for (const [name, { summary, load }] of Object.entries(commands)) {
    assert.match(summary, /^[A-Z].{10,90}[^.]$/, name);
    const { command } = await load();
    assert.match((await capture(command, "--help")).out, new RegExp(`^Usage: pawl ${name}\\b`));
  }
});
