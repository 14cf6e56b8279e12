import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { pawl, PawlProcess } from "./pawl_process.ts";

Deno.test("pawl run takes events in on its socket, and brings them to the hub and to a webhook", async () => {
  await using folder = new TempFolder();
  await using hub = await FakeHub.start({ capabilities: ["alert_ack"] });
  const hooked: string[] = [];
  await using webhook = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      hooked.push(`${request.headers.get("x-key")} ${(await request.json()).description}`);
      return new Response();
    },
  );
  const config = folder.write(
    "pawl.toml",
    `state_dir = "state"
[labels]
site = "north"
[server]
address = "${hub.address}"
[check]
[notify.chat]
type = "webhook"
url = "http://127.0.0.1:${webhook.addr.port}/hook"
headers = { x-key = "k1" }
`,
  );
  await using agent = PawlProcess.start(["run", "--config", config]);
  await agent.logged("link.registered");
  const state = ["--state-dir", folder.at("state")];
  const emitted = await pawl([
    "emit",
    ...state,
    "--status",
    "Critical",
    "--label",
    "check=backup",
    "--description",
    "the backup failed",
  ]);
  assert.deepEqual([emitted.code, emitted.err], [0, ""]);
  const connection = await hub.nextConnection();
  const message = await connection.next("alert_events");
  assert.ok(message.type === "alert_events");
  const [event] = message.payload.events;
  assert.equal(event?.description, "the backup failed");
  assert.deepEqual([event?.labels["site"], event?.labels["check"]], ["north", "backup"]);
  await until("the webhook has it", () => hooked.length === 1);
  assert.deepEqual(hooked, ["k1 the backup failed"]);
  const status = await pawl(["status", ...state]);
  assert.equal(status.code, 0);
  assert.match(status.out, /server/);
  assert.match(status.out, /chat/);
});

Deno.test("over TCP the intake wants its token; a port in use is one line and exit code 2", async () => {
  await using folder = new TempFolder();
  await using hub = await FakeHub.start();
  folder.write("token", "l0cal-secret\n", 0o600);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const config = folder.write(
    "pawl.toml",
    `state_dir = "state"
[server]
address = "${hub.address}"
[check]
[local]
listen = "127.0.0.1:${port}"
token_file = "token"
`,
  );
  const refused = await pawl(["run", "--config", config]);
  assert.equal(refused.code, 2);
  assert.match(
    refused.err,
    new RegExp(`^pawl: cannot listen on 127\\.0\\.0\\.1:${port}: .*in use.*\\n$`, "m"),
  );
  listener.close();
  await using agent = PawlProcess.start(["run", "--config", config]);
  await agent.logged("local.listening");
  const post = async (headers: Record<string, string>) => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: "[]",
    });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await post({}), 401);
  assert.equal(await post({ authorization: "Bearer wrong" }), 401);
  assert.equal(await post({ authorization: "Bearer l0cal-secret" }), 202);
});
