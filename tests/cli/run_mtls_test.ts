import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { hasOpenssl, type Leaf, testAuthority } from "../fakes/certificates.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { TlsRelay } from "../fakes/tls_relay.ts";
import { until } from "../fakes/until.ts";
import { type LogLine, parseLogLine, PawlProcess } from "./pawl_process.ts";

const ignore = !hasOpenssl;
const reason = ignore ? " (skipped: openssl is missing, so no certificates can be made)" : "";

/** A hub behind TLS, and the files of an agent. */
class Rig implements AsyncDisposable {
  readonly folder = new TempFolder();
  hub!: FakeHub;
  relay!: TlsRelay;
  ca = "";
  agent: PawlProcess | undefined;
  sign!: (name: string, days?: number) => Promise<Leaf>;
  readonly #authorities: TempFolder[] = [];

  static async make(): Promise<Rig> {
    const rig = new Rig();
    const authority = await rig.authority();
    rig.ca = authority.ca;
    rig.sign = authority.sign;
    rig.hub = await FakeHub.start();
    rig.relay = await TlsRelay.start({
      ...await authority.sign("hub"),
      targetPort: rig.hub.port,
      clientCa: authority.ca,
    });
    rig.folder.write("ca.pem", authority.ca);
    return rig;
  }

  /** Another authority, that nobody knows. */
  async authority() {
    const folder = new TempFolder();
    this.#authorities.push(folder);
    return await testAuthority(folder.path);
  }

  /** Puts a certificate where the agent's is. */
  install({ cert, key }: Leaf): void {
    this.folder.write("agent.pem", cert);
    this.folder.write("agent.key", key);
  }

  start(more = 'cert_file = "agent.pem"\nkey_file = "agent.key"\n'): PawlProcess {
    const path = this.folder.write(
      "pawl.toml",
      `state_dir = "state"\n[server]\naddress = "wss://127.0.0.1:${this.relay.port}"\nca_file = "ca.pem"\n${more}`,
    );
    return this.agent = PawlProcess.start(["run", "--config", path]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent?.[Symbol.asyncDispose]();
    await this.relay[Symbol.asyncDispose]();
    await this.hub[Symbol.asyncDispose]();
    for (const folder of [this.folder, ...this.#authorities]) await folder[Symbol.asyncDispose]();
  }
}

/**
 * The first line of that event. The runtime itself writes a line of its own to stderr where a server turns a
 * client's certificate away.
 */
async function logged(agent: PawlProcess, event: string): Promise<LogLine> {
  return await until(
    `${event} was logged`,
    () =>
      agent.err.split("\n").slice(0, -1).filter((line) => line.startsWith("{")).map(parseLogLine)
        .find((line) => line.event === event),
  );
}

function test(name: string, body: (rig: Rig) => Promise<void>): void {
  Deno.test({
    name: name + reason,
    ignore,
    fn: async () => {
      await using rig = await Rig.make();
      await body(rig);
    },
  });
}

test("an agent shows its certificate to a hub that asks for one", async (rig) => {
  rig.install(await rig.sign("agent-one"));
  rig.start();
  await (await rig.hub.nextConnection()).next("heartbeat");
  assert.deepEqual(rig.relay.clients, ["agent-one"]);
});

test("without a certificate it is turned away, and the log says what to do", async (rig) => {
  const agent = rig.start("");
  const { reason } = await logged(agent, "link.dial_failed");
  // Which of the two it is: whether the server's word arrives before its end.
  assert.match(
    String(reason),
    /CertificateRequired; the server does not accept this agent's certificate|broke off after the TLS handshake; .*cert_file/,
  );
  assert.equal(rig.hub.handshakes.length, 0);
});

test("a certificate of an unknown authority is turned away", async (rig) => {
  rig.install(await (await rig.authority()).sign("stranger"));
  const agent = rig.start();
  await logged(agent, "link.dial_failed");
  assert.deepEqual(rig.relay.clients, []);
  assert.ok(rig.relay.turnedAway.length > 0);
});

test("a certificate that is over is told of at the start, and turned away", async (rig) => {
  rig.install(await rig.sign("agent-old", -1));
  const agent = rig.start();
  assert.match(String((await logged(agent, "config.warning"))["warning"]), /agent\.pem has expired/);
  await logged(agent, "link.dial_failed");
  assert.deepEqual(rig.relay.clients, []);
});

test("a hub whose authority is not the configured one is not connected to", async (rig) => {
  rig.install(await rig.sign("agent-one"));
  rig.folder.write("ca.pem", (await rig.authority()).ca);
  const agent = rig.start();
  const { reason } = await logged(agent, "link.dial_failed");
  assert.match(String(reason), /set \[server\] ca_file/);
  assert.equal(rig.hub.handshakes.length, 0);
});

test("a certificate that is replaced is used on a new connection, which takes the old one's place", async (rig) => {
  rig.install(await rig.sign("agent-one"));
  const agent = rig.start();
  const old = await rig.hub.nextConnection();
  await old.next("heartbeat");
  rig.install(await rig.sign("agent-two"));
  agent.kill("SIGHUP");
  await (await rig.hub.nextConnection()).next("heartbeat");
  assert.deepEqual(await old.closed, { how: "close", code: 1000, reason: "replaced" });
  assert.deepEqual(rig.relay.clients, ["agent-one", "agent-two"]);
});

test("a certificate that the hub does not take leaves the connection as it is", async (rig) => {
  rig.install(await rig.sign("agent-one"));
  const agent = rig.start();
  const connection = await rig.hub.nextConnection();
  await connection.next("heartbeat");
  rig.install(await (await rig.authority()).sign("stranger"));
  agent.kill("SIGHUP");
  await logged(agent, "link.change_does_not_work");
  assert.deepEqual(rig.relay.clients, ["agent-one"]);
  const back = connection.send({ type: "session_cancel", payload: { session_id: "none" } });
  assert.ok(back);
  assert.equal(rig.hub.connections.length, 1);
});

test("half a replacement changes nothing: a key that does not fit is refused, by reload and by dial", async (rig) => {
  rig.install(await rig.sign("agent-one"));
  const agent = rig.start();
  const old = await rig.hub.nextConnection();
  await old.next("heartbeat");
  const two = await rig.sign("agent-two");
  rig.folder.write("agent.pem", two.cert);
  agent.kill("SIGHUP");
  assert.match(
    String((await logged(agent, "config.reload_refused"))["error"]),
    /agent\.key is not the one of the certificate/,
  );
  old.cut("reset");
  await logged(agent, "link.credentials_unusable");
  await (await rig.hub.nextConnection()).next("heartbeat");
  rig.folder.write("agent.key", two.key);
  rig.hub.connections.at(-1)?.cut("reset");
  await (await rig.hub.nextConnection()).next("heartbeat");
  assert.deepEqual(rig.relay.clients, ["agent-one", "agent-one", "agent-two"]);
});
