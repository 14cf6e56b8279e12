import assert from "node:assert/strict";
import { command } from "../../lib/cli/status.ts";
import { parseStatus, statusText } from "../../lib/cli/status_text.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { agentStatus } from "../local/fake_agent_port.ts";
import { LocalRig } from "../local/local_rig.ts";
import { capture } from "./captured_context.ts";
import { runLocalCommand } from "./local_command.ts";

Deno.test("the status is shown for people, with sums that add up", () => {
  const text = statusText(agentStatus(), 1_700_000_000);
  assert.equal(
    text,
    `pawl 1.2.3, agent 5f0c1d6e-52b4-4d0e-9a3b-3b1f6a4f2c11, up 1 h 6 min
connected to hub.example:443 (alert_ack) for 16 min
the connection before ended: lost: the peer said "bye"

DESTINATION  ACCEPTED  =  SETTLED  +  WAITING  +  DROPPED
server            100  =       80  +       14  +        6  1 superseded, 2 overflow, 3 expired, 2.0 KiB waiting
pager               7  =        0  +        7  +        0  700 bytes waiting, IN MEMORY ONLY: the disk is full, last error: status 503

sessions: 1 of 3 at work; started: 5 inspect; refused: 1 duplicate session_id

CHECK  TARGET             RESULT      TOOK
disk   /mnt/"odd"\\name\\n  Warning  0.250 s
cpu    cpu                pending

ALERT    CHECK              TARGET  FOR
Warning  disk::space_usage  /data   10 min  disk space usage of /data 91.0 %

silences: 2; "pawl silence list" shows them
`,
  );
});

Deno.test("silenced alerts are shown as such, a disk that fails is told, and an older agent has none", () => {
  const [alert] = agentStatus().alerts;
  assert.ok(alert);
  const status = agentStatus({ alerts: [{ ...alert, silenced: true }], alerts_degraded: "the disk is full" });
  const text = statusText(status, 0);
  assert.match(text, /^Warning, silenced +disk::space_usage/m);
  assert.match(text, /^STATE OF ALERTS IN MEMORY ONLY: the disk is full$/m);
  const { alerts: _, silences: __, ...older } = agentStatus();
  const shown = statusText(parseStatus(JSON.stringify(older), "x"), 0);
  assert.doesNotMatch(shown, /ALERT|silences/);
});

Deno.test("an agent that waits for its next try says when that is", () => {
  const connection = {
    ...agentStatus().connection,
    state: "waiting" as const,
    capabilities: [],
    next_try: 1_700_000_042,
  };
  const text = statusText(agentStatus({ connection }), 1_700_000_000);
  assert.match(text, /^NOT connected to hub\.example:443: waiting for 16 min, next try in 42 s$/m);
});

Deno.test("figures that do not add up are not shown as if they did", () => {
  const [server] = agentStatus().destinations;
  assert.ok(server);
  assert.match(
    statusText(agentStatus({ destinations: [{ ...server, accepted: 101 }] }), 0),
    /^server +101 +≠/m,
  );
});

Deno.test("the exit code is 0 when the agent is connected, 1 when it is not", async () => {
  await using rig = await LocalRig.start();
  const argv = ["--socket", rig.server.address];
  const connected = await capture(command, ...argv);
  assert.deepEqual([connected.code, connected.err], [0, ""]);
  assert.match(connected.out, /^pawl 1\.2\.3, agent /);
  for (const state of ["connecting", "waiting", "stopped"] as const) {
    rig.port.current = agentStatus({ connection: { ...agentStatus().connection, state } });
    assert.equal((await capture(command, ...argv)).code, 1);
    assert.equal((await capture(command, ...argv, "--json")).code, 1);
  }
});

Deno.test("--json gives what the agent tells, with fields that this command does not know", async () => {
  await using rig = await LocalRig.start();
  rig.port.current = Object.assign(agentStatus(), { of_a_later_version: 1 });
  const { code, out } = await capture(command, "--json", "--socket", rig.server.address);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), rig.port.current);
  assert.match(out, /^[^\n]+\n$/);
});

Deno.test("without an agent the one line says what to do, and the exit code is 1", async () => {
  await using folder = new TempFolder();
  for (const json of [[], ["--json"]]) {
    const { code, out, err } = await capture(
      command,
      "--state-dir",
      folder.path,
      "--config",
      folder.write("c", ""),
      ...json,
    );
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, /^pawl: no agent listens on [^\n]*\/pawl\.sock; start one with "pawl run", [^\n]*\n$/);
  }
});

Deno.test("a socket that was left behind is no agent", async () => {
  await using folder = new TempFolder();
  const path = folder.at("pawl.sock");
  const bind = `Deno.listen({ transport: "unix", path: ${
    JSON.stringify(path)
  } }); Deno.kill(Deno.pid, "SIGKILL");`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", bind], stderr: "null" }).output();
  const { code, err } = await capture(command, "--socket", path);
  assert.equal(code, 1);
  assert.match(err, /^pawl: no agent listens on /);
});

Deno.test("something else that listens there is told as such", async () => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ url }) => {
    return url.endsWith("/v1/status") ? new Response("<html>") : new Response("?", { status: 404 });
  });
  const { code, out, err } = await capture(command, "--url", `http://127.0.0.1:${server.addr.port}`);
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /^pawl: cannot read the status: what http:[^\n]* tells is not an agent's; [^\n]*\n$/);
});

Deno.test("what the agent tells cannot steer the terminal", () => {
  const connection = { ...agentStatus().connection, last_error: "\x1b[2Jgone\nforged" };
  const text = statusText(agentStatus({ connection }), 0);
  assert.ok(!text.includes("\x1b") && !text.includes("\nforged"));
});

Deno.test("as a process: the socket is found where pawl run would listen", async () => {
  await using rig = await LocalRig.start();
  const home = await runLocalCommand("status", ["--json"], {
    cwd: rig.folder.path,
    env: { STATE_DIRECTORY: rig.folder.path },
  });
  assert.deepEqual([home.code, home.err], [0, ""]);
  assert.deepEqual(JSON.parse(home.out), agentStatus());
  await using other = new TempFolder();
  other.write("pawl.toml", `[local]\nlisten = "${rig.server.address}"\n`);
  const configured = await runLocalCommand("status", [], { cwd: other.path });
  assert.deepEqual([configured.code, configured.err], [0, ""]);
  other.write("pawl.toml", '[local]\nlisten = "none"\n');
  const off = await runLocalCommand("status", [], { cwd: other.path });
  assert.equal(off.code, 2);
  assert.match(
    off.err,
    /^pawl: cannot ask the agent: [^\n]*pawl\.toml has local\.listen = "none"; [^\n]*\n$/,
  );
});
