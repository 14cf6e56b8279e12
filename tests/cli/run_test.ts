import assert from "node:assert/strict";
import { FakeHub } from "../fakes/fake_hub.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { VERSION } from "../../lib/version.ts";
import { CAPABILITIES } from "../../lib/protocol/mod.ts";
import { PawlProcess } from "./pawl_process.ts";

Deno.test("without any configuration pawl run registers, beats its heart and reports on the host", async () => {
  await using folder = new TempFolder();
  await using hub = await FakeHub.start({ capabilities: CAPABILITIES });
  await using agent = PawlProcess.start(["run", "--server", hub.address], {
    env: { STATE_DIRECTORY: folder.at("state") },
  });
  const connection = await hub.nextConnection();
  const { headers, path } = connection.handshake;
  assert.equal(path, "/api/v1/agent/ws");
  assert.equal(headers["x-agent-id"], (await Deno.readTextFile(folder.at("state/agent_id"))).trim());
  assert.equal(headers["x-agent-token"], undefined);

  const { payload: register } = await connection.next("register");
  assert.equal(register.hostname, Deno.hostname());
  assert.equal(register.agent_version, VERSION);
  assert.deepEqual(register.plugins.toSorted(), ["cpu", "disk", "hostident", "mem", "psi", "uptime"]);
  const { payload: heartbeat } = await connection.next("heartbeat");
  assert.equal(heartbeat.active_sessions, 0);
  assert.ok(heartbeat.mem_pct !== undefined && heartbeat.mem_pct > 0 && heartbeat.mem_pct <= 100);

  const id = connection.send({
    type: "session_start",
    payload: { session_id: "s1", session_type: "inspect", user_name: "op", params: { plugin: "system" } },
  });
  const ack = await connection.next((message) => message.type === "ack" && message.ref_id === id);
  assert.deepEqual(ack.payload, { ok: true });
  const final = await connection.next((message) => message.type === "session_output" && message.payload.done);
  assert.ok(final.type === "session_output");
  assert.match(final.payload.report ?? "", /^# Inspection: .*\n[^]*mem::memory/);

  const { hub: name } = await agent.logged("link.registered");
  assert.equal(name, `127.0.0.1:${hub.port}`);
  const firsts = agent.log().map(({ event }) => event).filter((event) => event !== "sandbox.broader").slice(
    0,
    3,
  );
  assert.deepEqual(firsts, ["agent.started", "local.listening", "link.registered"]);
  assert.equal(agent.out, "");
});

Deno.test("the identity outlives the process", async () => {
  await using folder = new TempFolder();
  await using hub = await FakeHub.start();
  const identity = async () => {
    await using _agent = PawlProcess.start([
      "run",
      "--server",
      hub.address,
      "--state-dir",
      folder.at("state"),
    ]);
    return (await hub.nextHandshake()).headers["x-agent-id"];
  };
  const first = await identity();
  assert.match(first ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  assert.equal(await identity(), first);
});
