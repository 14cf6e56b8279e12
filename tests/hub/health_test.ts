import assert from "node:assert/strict";
import { startHub } from "../../lib/hub/mod.ts";
import { deadline, Stage } from "./fake_agent.ts";

async function ask(port: number, path: string, init?: RequestInit): Promise<[number, string]> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return [answer.status, await answer.text()];
}

Deno.test("a hub says that it is alive and ready, to whoever asks without a token", deadline, async () => {
  await using hub = await startHub({ token: "only for agents" });
  assert.deepEqual(await ask(hub.port, "/livez"), [200, "ok\n"]);
  assert.deepEqual(await ask(hub.port, "/readyz"), [200, "ok\n"]);
  assert.deepEqual(await ask(hub.port, "/livez", { method: "POST" }), [405, "use GET\n"]);
  assert.equal((await ask(hub.port, "/livez/more"))[0], 404);
});

Deno.test("a hub that is stopping is alive, but not ready", deadline, async () => {
  await using stage = await Stage.start();
  const agent = await stage.registered();
  const { port } = stage.hub;
  const closed = stage.hub.close(); // waits for the agent to leave
  await agent.next("disconnect");
  assert.deepEqual(await ask(port, "/readyz"), [503, "the hub is stopping\n"]);
  assert.deepEqual(await ask(port, "/livez"), [200, "ok\n"]);
  agent.socket.close();
  await closed;
});
