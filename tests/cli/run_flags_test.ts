import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeHub } from "../fakes/fake_hub.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { TEST_CERTIFICATE } from "../config/test_certificate.ts";
import { type Outcome, PawlProcess } from "./pawl_process.ts";
import { FRONT_AUTHORITY, TlsFront } from "./tls_front.ts";

/** Something to log at debug, info and warning level. */
const BEHAVIOUR = { beforeAck: [{ type: "novelty" }], ack: { warning: "mind the gap" } };

/** A file that says something else than every flag; only `port` is of use. */
function writeConfig(folder: TempFolder, port: number): string {
  folder.write("wrong-ca.pem", TEST_CERTIFICATE);
  folder.write("file.token", "token-of-the-file");
  return folder.write(
    "pawl.toml",
    `state_dir = "file-state"
     [labels]
     rack = "r1"
     [server]
     address = "127.0.0.1:${port}"
     token_file = "file.token"
     ca_file = "wrong-ca.pem"
     [log]
     level = "debug"
     format = "pretty"
     [[check.mem]]
     `,
  );
}

async function stopped(agent: PawlProcess): Promise<Outcome> {
  agent.kill("SIGTERM");
  return await agent.ended();
}

Deno.test("what the file says takes effect", async () => {
  await using folder = new TempFolder();
  await using hub = await FakeHub.start(BEHAVIOUR);
  await using agent = PawlProcess.start(["run", "--config", writeConfig(folder, hub.port)]);
  const connection = await hub.nextConnection();
  const { payload } = await connection.next("register");
  assert.deepEqual([payload.labels, payload.plugins], [{ rack: "r1" }, ["mem"]]);
  await connection.next("heartbeat");
  const { headers } = connection.handshake;
  assert.equal(headers["x-agent-token"], "token-of-the-file");
  assert.equal(headers["x-agent-id"], Deno.readTextFileSync(folder.at("file-state/agent_id")).trim());
  const { code, err } = await stopped(agent);
  assert.equal(code, 0);
  for (const line of err.trimEnd().split("\n")) {
    assert.match(line, /^\d\d:\d\d:\d\d (?:DEBUG|INFO |WARN ) \w/);
  }
  assert.match(err, / DEBUG link\.unknown_message_skipped {2}type=novelty\n/);
  assert.match(err, / WARN {2}link\.hub_warning {2}hub=[\d.:]+ warning="mind the gap"\n/);
});

Deno.test("each flag wins over the file", async () => {
  await using folder = new TempFolder();
  await using elsewhere = await FakeHub.start(BEHAVIOUR);
  await using hub = await FakeHub.start(BEHAVIOUR);
  await using front = new TlsFront(hub.port);
  await using agent = PawlProcess.start([
    "run",
    ...["--config", writeConfig(folder, elsewhere.port)],
    ...["--server", `https://localhost:${front.port}`],
    ...["--token-file", folder.write("flag.token", "token-of-the-flag\n")],
    ...["--ca-file", folder.write("ca.pem", FRONT_AUTHORITY)],
    ...["--state-dir", folder.at("flag-state")],
    ...["--log-level", "warning"],
    ...["--log-format", "json"],
  ]);
  const connection = await hub.nextConnection();
  await connection.next("heartbeat");
  const { headers } = connection.handshake;
  assert.equal(headers["x-agent-token"], "token-of-the-flag");
  assert.equal(headers["x-agent-id"], Deno.readTextFileSync(folder.at("flag-state/agent_id")).trim());
  assert.throws(() => Deno.statSync(folder.at("file-state")), Deno.errors.NotFound);
  assert.equal((await stopped(agent)).code, 0);
  // Neither what a lower level would show nor the file's format.
  const told = agent.log().filter(({ event }) => event !== "sandbox.broader");
  assert.deepEqual(told.map(({ level, event }) => [level, event]), [["warning", "link.hub_warning"]]);
  assert.equal(elsewhere.handshakes.length, 0);
});

Deno.test("flags alone are enough, and --log-level debug --log-format pretty show what they should", async () => {
  await using folder = new TempFolder();
  await using hub = await FakeHub.start(BEHAVIOUR);
  await using agent = PawlProcess.start([
    ...["run", "--server", hub.address, "--state-dir", join(folder.path, "deep/er")],
    ...["--log-level", "debug", "--log-format", "pretty"],
  ]);
  await (await hub.nextConnection()).next("heartbeat");
  const { code, err } = await stopped(agent);
  assert.equal(code, 0);
  assert.match(err, / DEBUG link\.unknown_message_skipped/);
  assert.ok(!err.includes("\x1b"), "colours, though stderr is no terminal");
});
