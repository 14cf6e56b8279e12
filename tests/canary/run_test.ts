import assert from "node:assert/strict";
import { PawlProcess } from "../cli/pawl_process.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { CAPABILITIES } from "../../lib/protocol/mod.ts";
import { until } from "../fakes/until.ts";
import { PlantedHost } from "./planted_host.ts";

/** Everything: what the sandbox would refuse must not be what keeps the secrets in. */
const permissions = ["-A"];

Deno.test("a run through every failure shows no secret: not in its log, its HTTP, its sessions, its state folder", async () => {
  await using hub = await FakeHub.start((index, { headers }) => {
    const echo = JSON.stringify(headers);
    return [
      { refuse: { status: 503, body: echo } },
      { ack: { ok: false, error: echo } },
      { capabilities: CAPABILITIES, ack: { warning: echo }, beforeAck: [echo.slice(0, -1), echo] },
      {
        refuse: { status: 401, body: echo, headers: { "WWW-Authenticate": headers["x-agent-token"] ?? "" } },
      },
    ][index] ?? {};
  });
  await using host = await PlantedHost.start({ address: hub.address });
  const { canaries } = host;
  await using agent = PawlProcess.start(["run", "--config", host.config], { permissions, env: host.env });

  await agent.logged("link.registered"); // fails at once where the agent ends before
  await hub.nextConnection(); // whose registration is refused
  const connection = await hub.nextConnection();
  await connection.next("register");
  await connection.next("heartbeat");
  const { address } = await agent.logged("local.listening");
  assert.equal(typeof address, "string");

  // Sessions: what the hub sees of them.
  const transcripts: string[] = [];
  const session = async (type: string, params: Record<string, string>, turns: readonly string[] = []) => {
    const session_id = crypto.randomUUID();
    const payload = { session_id, session_type: type, user_name: "eve", params };
    connection.send({ type: "session_start", id: crypto.randomUUID(), payload });
    for (const message of turns) {
      connection.send({ type: "session_input", id: crypto.randomUUID(), payload: { session_id, message } });
      await connection.next((message) =>
        message.type === "session_output" && message.payload.session_id === session_id &&
        message.payload.metadata?.["turn_done"] === true
      );
    }
    if (type === "chat") {
      connection.send({ type: "session_cancel", payload: { session_id, reason: "enough" } });
    }
    await connection.next(({ type, payload }) =>
      type === "session_output" && payload.session_id === session_id && payload.done
    );
  };
  for (const plugin of ["http", "redis", "exec", "logfile"]) await session("inspect", { plugin });
  await session("diagnose", {});
  await session("chat", {}, [
    `env_inspect pid=${host.pid}`,
    `env_inspect pid=${agent.pid}`,
    `process_detail pid=${host.pid}`,
    "process_search pattern=planted-process",
    `log_tail file=${host.log}`,
    `log_grep file=${host.log} pattern=password`,
    `log_tail file=${host.log}.missing`,
    "http_probe url=http://127.0.0.1:1/",
    "redis_info",
    "status",
  ]);
  transcripts.push(...connection.received.map((message) => JSON.stringify(message)));
  const seen = transcripts.join("\n");
  assert.match(seen, /DB_PASSWORD/, "the process's environment was looked at");
  assert.match(seen, /planted-process/);
  assert.match(seen, /password=/, "the log was read");
  canaries.assertNone("what the hub was sent", seen);

  // The agent's own HTTP, with the right token and with a wrong one.
  const get = async (path: string, token = host.localToken) => {
    const answer = await fetch(`${address}${path}`, { headers: { authorization: `Bearer ${token}` } });
    return `${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`;
  };
  const paths = ["/metrics", "/v1/status", "/livez", "/readyz", "/v1/silences", "/nothing"];
  for (const path of paths) {
    canaries.assertNone(path, await get(path));
    canaries.assertNone(`${path} with a wrong token`, await get(path, `${host.localToken}x`));
  }
  await until(
    "every destination was tried",
    () => ["/500/", "/500", "/400"].every((path) => host.heard.some((text) => text.includes(path))),
  );
  connection.close(4000, host.token.slice(0, 100));
  await agent.logged("link.unauthorized");
  for (const path of paths) canaries.assertNone(`${path} without a hub`, await get(path));
  agent.kill("SIGTERM");
  const { code, out, err } = await agent.ended();
  assert.equal(code, 0, err.slice(-2000));
  canaries.assertNone("stdout", out);
  canaries.assertNone("the log", err);
  let files = 0;
  for await (const { path, bytes } of host.stateFiles()) {
    files++;
    canaries.assertNone(path, bytes);
  }
  assert.ok(files >= 3, "the state folder was looked at");
});
