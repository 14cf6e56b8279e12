import { say } from "../faults/say.ts";
import assert from "node:assert/strict";
import { PawlProcess } from "../cli/pawl_process.ts";
import { ScopedConfig } from "../cli/scoped_config.ts";
import type { FakeConnection } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { compile, findBaseRuntime } from "./compiled.ts";

const base = await findBaseRuntime();
const ignore = "missing" in base;
if (ignore) say(`tests of the executable are left out: ${base.missing}`);

/** An executable for one configuration, and that. */
class Compiled implements AsyncDisposable {
  readonly config: ScopedConfig;
  readonly path: string;

  private constructor(config: ScopedConfig, path: string) {
    this.config = config;
    this.path = path;
  }

  static async make(): Promise<Compiled> {
    assert.ok(!("missing" in base));
    const config = await ScopedConfig.start();
    const path = config.folder.at("pawl");
    const { code, err } = await compile(["--config", config.path, "--output", path], base.env);
    assert.deepEqual([code, err], [0, ""]);
    return new Compiled(config, path);
  }

  run(): PawlProcess {
    return PawlProcess.start(["run", "--config", this.config.path], { executable: this.path });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.config[Symbol.asyncDispose]();
  }
}

function start(connection: FakeConnection, session_id: string, session_type: string, params = {}): void {
  const payload = { session_id, session_type, user_name: "ada", params };
  connection.send({ type: "session_start", id: `start-${session_id}`, payload });
}

/** Everything of a session up to what `isLast` says. */
async function output(connection: FakeConnection, session: string, isLast: "done" | "turn_done") {
  let text = "";
  for (;;) {
    const { payload } = await connection.next("session_output");
    if (payload.session_id !== session) continue;
    text += payload.delta;
    if (payload.done || (isLast === "turn_done" && payload.metadata?.["turn_done"] === true)) {
      return { text, report: payload.report ?? "" };
    }
  }
}

Deno.test({
  name: "the executable registers, delivers alerts, serves an inspection, and SIGTERM stops it in order",
  ignore,
  async fn() {
    await using made = await Compiled.make();
    const startMs = performance.now();
    await using agent = made.run();
    const connection = await made.config.hub.nextConnection();
    const { payload } = await connection.next("register");
    const startedMs = performance.now() - startMs;
    assert.deepEqual(payload.plugins, ["http", "logfile"]);
    await connection.next("heartbeat");
    const { payload: { events: [event] } } = await connection.next("alert_events");
    assert.equal(event?.labels["check"], "logfile::match");
    start(connection, "look", "inspect", { plugin: "mem" });
    const { report } = await output(connection, "look", "done");
    assert.match(report, /^# Inspection: mem /);
    const rss = /^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${agent.pid}/status`))?.[1];
    say(
      `cold start to registered ${Math.round(startedMs)} ms, ${Math.round(Number(rss) / 1024)} MiB resident`,
    );
    agent.kill("SIGTERM");
    const ended = await agent.ended();
    assert.deepEqual([ended.code, ended.signal], [0, null]);
    assert.deepEqual(await connection.closed, { how: "close", code: 1000, reason: "agent stopping" });
    const steps = ["process.stopping", "local.closed", "agent.stopped"];
    assert.deepEqual(agent.log().map(({ event }) => event).filter((event) => steps.includes(event)), steps);
    assert.deepEqual(agent.log().filter(({ level }) => level !== "info"), []);
  },
});

Deno.test({
  name: "an executable that is replaced while it runs still loads what it needs later",
  ignore,
  async fn() {
    await using made = await Compiled.make();
    await using agent = made.run();
    const connection = await made.config.hub.nextConnection();
    await connection.next("heartbeat");
    await Deno.remove(made.path);
    await Deno.writeTextFile(made.path, "an upgrade");
    start(connection, "look", "inspect", { plugin: "mem" }); // no session was asked for before
    assert.match((await output(connection, "look", "done")).report, /^# Inspection: mem /);
    agent.kill("SIGHUP");
    await until("it has read its configuration again", () => agent.err.includes("config.reload"));
    assert.match(agent.err, /config\.reloaded/);
  },
});

Deno.test({
  name:
    "what a later configuration allows the executable still may not: the runtime refuses, the operator is told, the agent lives on",
  ignore,
  async fn() {
    await using made = await Compiled.make();
    const { config } = made;
    Deno.mkdirSync(config.folder.at("other"));
    const secret = config.folder.write("other/secret.log", "what nobody may read\n");
    await using elsewhere = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response("reached"),
    );
    // Everything that the operator of the host can allow, after the executable was made for less.
    config.folder.write(
      "pawl.toml",
      config.text(
        `tools = ["*"]\nlog_roots = ["${config.folder.at("other")}"]\nallow_run = ["/usr/bin/dmesg"]`,
      ),
    );
    await using agent = made.run();
    const connection = await config.hub.nextConnection();
    await connection.next("heartbeat");
    await agent.logged("sandbox.missing", 2);
    const lacks = agent.log().filter(({ event }) => event === "sandbox.missing").map(({ lack }) =>
      String(lack)
    );
    assert.equal(lacks.length, 2, agent.err);
    assert.match(
      lacks[0] ?? "",
      /^remote\.log_roots .* needs --allow-read=.*\/other, which this process was not given/,
    );
    assert.match(lacks[1] ?? "", /^remote\.allow_run .* needs --allow-run=\/usr\/bin\/dmesg, /);
    start(connection, "talk", "chat");
    const ask = async (message: string) => {
      connection.send({
        type: "session_input",
        id: crypto.randomUUID(),
        payload: { session_id: "talk", message },
      });
      return (await output(connection, "talk", "turn_done")).text;
    };
    const port = elsewhere.addr.port;
    for (
      const [message, refusal] of [
        ["dmesg_recent", /cannot run \/usr\/bin\/dmesg.*--allow-run=\/usr\/bin\/dmesg/],
        [`log_tail file=${secret}`, /cannot read .*secret\.log.*(?:sandbox|--allow-read)/],
        [`tcp_ping address=127.0.0.1:${port}`, /sandbox does not allow it; grant --allow-net=127\.0\.0\.1:/],
        [
          `http_probe url=http://127.0.0.1:${port}/`,
          /sandbox does not allow it; grant --allow-net=127\.0\.0\.1:/,
        ],
      ] as const
    ) {
      const told = await ask(message);
      assert.match(told, refusal);
      assert.doesNotMatch(told, /nobody may read|reached|\n\s+at /);
    }
    assert.match(await ask("load"), /load/i); // what it may, it still does
    agent.kill("SIGTERM");
    assert.equal((await agent.ended()).code, 0);
    assert.doesNotMatch(agent.err, /uncaught|unhandled|\n\s+at /i);
  },
});
