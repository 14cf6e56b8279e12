import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { type LogLine, PawlProcess } from "./pawl_process.ts";

/** A running agent with a configuration that can be written anew. */
class Reloading implements AsyncDisposable {
  readonly folder = new TempFolder();
  readonly #process: PawlProcess;

  constructor(toml: string, permissions?: (folder: TempFolder) => string[]) {
    this.write(toml);
    this.#process = PawlProcess.start(["run", "--config", this.folder.at("pawl.toml")], {
      ...(permissions && { permissions: permissions(this.folder) }),
    });
  }

  get process(): PawlProcess {
    return this.#process;
  }

  write(toml: string): void {
    // Whole at any moment, as who writes configurations is to do it.
    Deno.renameSync(
      this.folder.write("pawl.toml.new", `state_dir = "state"\n${toml}`),
      this.folder.at("pawl.toml"),
    );
  }

  /** Sends SIGHUP and waits for the `count`-th line of that event. */
  async hangUp(event: string, count = 1): Promise<LogLine> {
    this.#process.kill("SIGHUP");
    return await this.#process.logged(event, count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

const server = (hub: FakeHub) => `[server]\naddress = "${hub.address}"\n`;

Deno.test("a file that is not valid leaves everything as it was, and one line says why", async () => {
  await using hub = await FakeHub.start();
  await using agent = new Reloading(server(hub));
  const connection = await hub.nextConnection();
  await connection.next("heartbeat");
  for (
    const [index, [toml, why]] of [
      ["[server]\naddres = 1\n", /pawl\.toml:3: unknown key "addres"/],
      ["[server\n", /pawl\.toml:2:/],
      ['[log]\nlevel = "info"\n', /no control server is named/],
      ['[server]\naddress = "x"\ntoken_file = "missing"\n', /cannot read the token/],
    ].entries() as ArrayIterator<[number, [string, RegExp]]>
  ) {
    agent.write(toml);
    const { level, error } = await agent.hangUp("config.reload_refused", index + 1);
    assert.equal(level, "error");
    assert.match(String(error), why);
  }
  agent.write(server(hub));
  assert.equal((await agent.hangUp("config.reloaded"))["changed"], "nothing");
  assert.equal(hub.connections.length, 1);
  assert.equal(agent.process.log().filter(({ event }) => event === "config.reload_refused").length, 4);
});

Deno.test("what changed takes effect, on the connection that is up", async () => {
  await using hub = await FakeHub.start({ capabilities: ["alert_ack"] });
  await using agent = new Reloading(
    `${server(hub)}[[check.mem]]\nwarn_ge = 100\ncritical_ge = 100\ninterval = "1s"\nfor = "0s"\n`,
  );
  const connection = await hub.nextConnection();
  await connection.next("heartbeat");
  agent.write(`[labels]
    rack = "r9"
    ${server(hub)}[log]
    level = "debug"
    [local]
    listen = "none"
    [[check.mem]]
    warn_ge = 0.001
    critical_ge = 0
    interval = "1s"
    for = "0s"
    `);
  const { changed } = await agent.hangUp("config.reloaded");
  assert.equal(changed, "labels, check, local");
  const { payload } = await connection.next("alert_events");
  const event = payload.events.find(({ labels }) => labels["check"]?.startsWith("mem"));
  assert.equal(event?.labels["rack"], "r9");
  assert.throws(() => Deno.statSync(agent.folder.at("state/pawl.sock")), Deno.errors.NotFound);
  connection.send({ type: "novelty" });
  await agent.process.logged("link.unknown_message_skipped"); // which shows at debug alone
  assert.equal(hub.connections.length, 1);
});

Deno.test("a server that changed is moved to; the old one is left in order", async () => {
  await using old = await FakeHub.start();
  await using fresh = await FakeHub.start();
  await using agent = new Reloading(server(old));
  const before = await old.nextConnection();
  await before.next("heartbeat");
  agent.write(server(fresh));
  assert.equal((await agent.hangUp("config.reloaded"))["changed"], "server");
  await (await fresh.nextConnection()).next("heartbeat");
  assert.deepEqual(await before.closed, { how: "close", code: 1000, reason: "replaced" });
  assert.equal(old.handshakes.length, 1);
});

Deno.test("signals that come quickly are each answered by the file as it is then", async () => {
  await using hub = await FakeHub.start();
  await using agent = new Reloading(server(hub));
  await (await hub.nextConnection()).next("heartbeat");
  agent.write(`${server(hub)}[remote]\nmax_sessions = 1\n`);
  agent.process.kill("SIGHUP");
  agent.process.kill("SIGHUP");
  agent.write(`${server(hub)}[remote]\nmax_sessions = 2\n[log]\nlevel = "debug"\n`);
  agent.process.kill("SIGHUP");
  await until("the last word counts", async () => {
    const socket = agent.folder.at("state/pawl.sock");
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
    const response = await fetch("http://localhost/v1/status", { client });
    return (await response.json()).sessions.limit === 2;
  });
  assert.equal(agent.process.log().filter(({ event }) => event === "config.reload_refused").length, 0);
  assert.equal(hub.connections.length, 1);
});

Deno.test("what only a new start can change is named", async () => {
  await using hub = await FakeHub.start();
  await using agent = new Reloading(server(hub));
  await (await hub.nextConnection()).next("heartbeat");
  agent.write(`${server(hub)}alert_buffer_size = 10\n[queue]\nmax_events = 500\n`);
  const { keys } = await agent.hangUp("config.counts_at_next_start");
  assert.equal(keys, "queue, server.alert_buffer_size");
});

Deno.test("a reload that needs more than the sandbox grants is refused, and the grants are named", async () => {
  await using hub = await FakeHub.start();
  await using agent = new Reloading(server(hub), (folder) => [
    `--allow-net=127.0.0.1:${hub.port},unix:${folder.at("state/pawl.sock")}`,
    `--allow-read=${folder.path},/etc/hostname,/proc/pressure,/var/log`,
    `--allow-write=${folder.at("state")}`,
    "--allow-env",
    "--allow-sys",
    "--no-prompt",
  ]);
  const connection = await hub.nextConnection();
  await connection.next("heartbeat");
  agent.write(
    `${
      server(hub)
    }[remote]\nallow_run = ["/usr/bin/true"]\n[notify.hook]\ntype = "webhook"\nurl = "http://127.0.0.1:9/"\n`,
  );
  const { error } = await agent.hangUp("config.reload_refused");
  assert.match(String(error), /cannot reload: the configuration needs more than this process was given/);
  assert.match(String(error), /--allow-net=127\.0\.0\.1:9\b/);
  assert.match(String(error), /--allow-run=\/usr\/bin\/true\b/);
  agent.write(`[labels]\na = "b"\n${server(hub)}`);
  assert.equal((await agent.hangUp("config.reloaded"))["changed"], "labels");
  assert.equal(hub.connections.length, 1);
});

Deno.test("a signal that comes while the agent starts is not lost, and does not end it", async () => {
  await using hub = await FakeHub.start();
  await using agent = new Reloading(`${server(hub)}[log]\nlevel = "debug"\n`);
  await agent.process.wrote("agent.started");
  agent.process.kill("SIGHUP");
  await agent.process.logged("config.reloaded");
  await (await hub.nextConnection()).next("heartbeat");
  assert.equal(hub.handshakes.length, 1);
});
