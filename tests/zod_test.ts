import assert from "node:assert/strict";
import * as z from "zod/mini";
import { about, transformed } from "../lib/zod.ts";

Deno.test("messages are in English", () => {
  const { error } = z.object({ figure: z.number() }).safeParse({ figure: "two" });
  assert.match(error?.issues[0]?.message ?? "", /expected number, received string/);
});

Deno.test("a schema is told of once: one that is shared would be told of for others", () => {
  const shared = z.string();
  assert.equal(about(shared, "A name."), shared);
  assert.equal(z.globalRegistry.get(shared)?.description, "A name.");
  assert.throws(() => about(shared, "Another."), /cannot describe a schema twice/);
});

Deno.test("a transform may refuse, with a path and a reason", () => {
  const even = transformed(z.number(), (value, context) => {
    if (value % 2 !== 0) {
      context.addIssue({ message: "must be even", path: ["half"], params: { quiet: true } });
    }
    return value / 2;
  });
  assert.equal(even.parse(4), 2);
  const issue = even.safeParse(3).error?.issues[0];
  assert.deepEqual([issue?.code, issue?.message, issue?.path], ["custom", "must be even", ["half"]]);
});
