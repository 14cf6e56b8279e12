import assert from "node:assert/strict";
import { lazyRunners, type Runners } from "../../lib/diagnose/lazy_runners.ts";
import { request } from "./request.ts";

const runners: Runners = {
  diagnose: { run: ({ plugin }) => Promise.resolve(`# ${plugin}`) },
  chat: { open: () => Promise.resolve({ turn: (message) => Promise.resolve(message) }) },
};

Deno.test("runners are made by the first session, once for both kinds; one that cannot be made fails, and the next tries again", async () => {
  let made = 0;
  const lazy = lazyRunners(() =>
    ++made === 1 ? Promise.reject(new Error("cannot load")) : Promise.resolve(runners)
  );
  const { signal } = new AbortController();
  const diagnose = () => lazy.diagnose.run(request(), () => Promise.resolve(), signal);
  assert.equal(made, 0);
  await assert.rejects(diagnose(), /cannot load/);
  assert.match(await diagnose(), /^# /);
  const chat = await lazy.chat.open({
    sessionId: "c",
    userName: "ada",
    allowShell: false,
    params: request().params,
  }, signal);
  assert.equal(await chat.turn("hello", () => Promise.resolve(), signal), "hello");
  assert.equal(made, 2);
});
