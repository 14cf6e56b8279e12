import assert from "node:assert/strict";
import { PawlProcess } from "../cli/pawl_process.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { Canaries } from "./canaries.ts";

async function crashing(how: "rejection" | "exception") {
  const canaries = new Canaries();
  const token = canaries.plant("token");
  const folder = new TempFolder();
  const hub = await FakeHub.start();
  const agent = PawlProcess.start(
    [
      how,
      "--server",
      hub.address,
      "--token-file",
      folder.write("token", token),
      "--log-level",
      "debug",
    ],
    {
      script: "tests/canary/crashing.ts",
      env: { CRASH_SECRET: token, STATE_DIRECTORY: folder.path },
    },
  );
  return {
    canaries,
    agent,
    hub,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a rejection that nobody handles is logged without the secret in it, and the agent lives on", async () => {
  await using stage = await crashing("rejection");
  const { agent, canaries } = stage;
  const { error } = await agent.logged("process.unhandled_rejection");
  assert.match(String(error), /the header was \[redacted\].*cause: .*of \[redacted\]/s);
  agent.kill("SIGTERM");
  const { code, out, err } = await agent.ended();
  assert.equal(code, 0);
  canaries.assertNone("the output", out + err);
});

Deno.test("an exception that nobody catches ends the agent with exit code 1, without the secret in its last words", async () => {
  await using stage = await crashing("exception");
  const { agent, canaries } = stage;
  const { error } = await agent.logged("process.uncaught_exception");
  assert.match(String(error), /the header was \[redacted\]/);
  const { code, out, err } = await agent.ended();
  assert.equal(code, 1);
  canaries.assertNone("the output", out + err);
});
