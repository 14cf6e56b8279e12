import assert from "node:assert/strict";
import { startHub } from "../../lib/hub/mod.ts";
import { AGENT_ID, deadline, FakeAgent, Stage } from "./fake_agent.ts";

const good = { "X-Agent-ID": AGENT_ID, "X-Agent-Token": "s3cret", "X-Proto-Version": "1" };
const path = "/api/v1/agent/ws";

const refusals: [string, number, string, Record<string, string>][] = [
  ["another path", 404, "/api/v1/agent", good],
  ["a longer path", 404, `${path}/`, good],
  ["no token", 401, path, { "X-Agent-ID": AGENT_ID, "X-Proto-Version": "1" }],
  ["a wrong token", 401, path, { ...good, "X-Agent-Token": "s3creT" }],
  ["a longer token", 401, path, { ...good, "X-Agent-Token": "s3cret2" }],
  ["no agent id", 400, path, { "X-Agent-Token": "s3cret", "X-Proto-Version": "1" }],
  ["an id that is no UUID", 400, path, { ...good, "X-Agent-ID": "web-1" }],
  ["a UUID of another version", 400, path, { ...good, "X-Agent-ID": "5f0c1d6e-52b4-1d0e-9a3b-3b1f6a4f2c11" }],
  ["no protocol version", 400, path, { "X-Agent-ID": AGENT_ID, "X-Agent-Token": "s3cret" }],
  ["another protocol version", 400, path, { ...good, "X-Proto-Version": "2" }],
  ["no upgrade", 426, path, good],
  ["half an upgrade", 400, path, { ...good, Upgrade: "websocket" }],
];

/** By hand, because `fetch` may not send `Upgrade`. */
async function get(port: number, path: string, headers: Record<string, string>): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = Object.entries({ Host: "hub", Connection: "close", ...headers }).map(([k, v]) =>
    `${k}: ${v}\r\n`
  );
  await connection.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`));
  return await new Response(connection.readable).text();
}

Deno.test("a request that lacks something is refused with a status and one line", deadline, async (t) => {
  await using stage = await Stage.start({ token: "s3cret" });
  for (const [what, status, path, headers] of refusals) {
    await t.step(what, async () => {
      const response = await get(stage.hub.port, path, headers);
      assert.match(response, new RegExp(`^HTTP/1.1 ${status} `));
      const body = response.slice(response.indexOf("\r\n\r\n") + 4);
      assert.match(body, /^[^\n]+\n$/);
      assert.doesNotMatch(body, /s3cret|web-1/);
    });
  }
  assert.deepEqual(stage.events.all, []);
});

Deno.test(
  "an agent that shows the token is let in; one that does not sees its upgrade fail",
  deadline,
  async () => {
    await using stage = await Stage.start({ token: "s3cret" });
    await stage.registered({ token: "s3cret" });
    assert.equal((await stage.dial({ token: "guess" }).closed).error, true);
    assert.equal(stage.hub.agents().length, 1);
  },
);

Deno.test("an agent id is the same in either case", deadline, async () => {
  await using stage = await Stage.start();
  await stage.registered({ agentId: AGENT_ID.toUpperCase() });
  assert.deepEqual(stage.hub.agents().map(({ agentId }) => agentId), [AGENT_ID]);
});

Deno.test("an empty token is an error, not an open door", deadline, async () => {
  await assert.rejects(startHub({ token: "" }), RangeError);
});

Deno.test("a port that is taken is the caller's to hear of", deadline, async () => {
  await using stage = await Stage.start();
  await assert.rejects(startHub({ port: stage.hub.port }), Deno.errors.AddrInUse);
});

Deno.test("a stopping hub lets nobody in", deadline, async () => {
  const stage = await Stage.start();
  const agent = await stage.registered();
  const closing = stage.hub.close();
  const late = new FakeAgent(stage.hub);
  assert.equal((await late.closed).error, true);
  agent.socket.close();
  await closing;
  await agent.closed;
});
