import assert from "node:assert/strict";
import type { Credentials, CredentialSource } from "../lib/agent.ts";
import { setUpLogging } from "../lib/log.ts";
import { AgentRig } from "./agent_rig.ts";
import { range } from "./alerts/delivery_rig.ts";
import { FakeClock } from "./fakes/fake_clock.ts";
import { alertNumbers } from "./link/connection_rig.ts";

/** A token as if it were in a file. */
class TokenFile implements CredentialSource {
  reads = 0;
  #version = 0;
  #content: string | Error = "old";

  write(content: string | Error): void {
    this.#version++;
    this.#content = content;
  }

  fingerprint(): Promise<string> {
    return Promise.resolve(String(this.#version));
  }

  read(): Promise<Credentials> {
    this.reads++;
    if (this.#content instanceof Error) return Promise.reject(this.#content);
    return Promise.resolve({ token: this.#content, caCerts: [] });
  }
}

/** A hub that takes one token, and a running agent whose token is in a file. */
class Rotation implements AsyncDisposable {
  readonly file = new TokenFile();
  readonly lines: { event: string; level: string; reason?: string; error?: string }[] = [];
  /** What the hub takes. */
  accepted = "old";
  rig!: AgentRig;
  readonly #logging = setUpLogging({
    level: "debug",
    format: "json",
    write: (line) => this.lines.push(JSON.parse(line)),
  });

  static async start(): Promise<Rotation> {
    const one = new Rotation();
    one.rig = await AgentRig.start(
      (_, { headers }) =>
        headers["x-agent-token"] === one.accepted
          ? { capabilities: ["alert_ack"] }
          : { refuse: { status: 401 } },
      // The hub has nothing to say for hours.
      { clock: new FakeClock(), token: "old", credentials: one.file, timings: { readMs: 2 ** 30 } },
    );
    await one.rig.registered();
    return one;
  }

  /** The tokens that the hub was shown, in order. */
  get shown(): (string | undefined)[] {
    return this.rig.hub.handshakes.map(({ headers }) => headers["x-agent-token"]);
  }

  logged(event: string): typeof this.lines {
    return this.lines.filter((line) => line.event === event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rig[Symbol.asyncDispose]();
    await this.#logging[Symbol.asyncDispose]();
  }
}

Deno.test("a new token is registered with before the old connection is let go, and no alert is lost or doubled", async () => {
  await using one = await Rotation.start();
  const { rig } = one;
  const old = rig.hub.connections[0];
  rig.notify(0, 50);
  await rig.until("the first are there", () => alertNumbers(...rig.hub.connections).length === 50);
  one.accepted = "new";
  one.file.write("new");
  let oldClosedAtMs = 0;
  void old?.closed.then(() => oldClosedAtMs = performance.now());
  await rig.until("it is dialled anew", () => rig.hub.connections.length === 2, 5000);
  rig.notify(50, 50);
  await registeredAgain(rig);
  await rig.until("all are there", () => alertNumbers(...rig.hub.connections).length >= 100);
  const [, fresh] = rig.hub.connections;
  assert.deepEqual(one.shown, ["old", "new"]);
  assert.deepEqual(await old?.closed, { how: "close", code: 1000, reason: "replaced" });
  assert.ok((fresh?.arrivedAtMs[0] ?? Infinity) < oldClosedAtMs, "the new one registers first");
  assert.deepEqual(alertNumbers(...rig.hub.connections), range(0, 100));
  assert.equal(one.logged("link.changed").length, 1);
  assert.deepEqual(rig.events.flatMap((event) => event.type === "ended" ? [event.end.kind] : []), [
    "replaced",
  ]);
});

Deno.test("a new token that does not work is told once and costs nothing; when it works, it is used", async () => {
  await using one = await Rotation.start();
  const { rig } = one;
  one.file.write("not yet");
  await rig.until("it was tried three times", () => one.shown.length >= 4, 10_000);
  assert.equal(rig.hub.connections.length, 1);
  assert.deepEqual(rig.events.filter(({ type }) => type === "ended"), [], "nobody hears of the tries");
  rig.notify(0, 5);
  await rig.until("alerts still flow", () => alertNumbers(...rig.hub.connections).length === 5);
  const [warning, ...more] = one.logged("link.change_does_not_work");
  assert.match(warning?.reason ?? "", /401/);
  assert.deepEqual(more, []);
  one.accepted = "not yet";
  await registeredAgain(rig);
  assert.equal(one.shown.at(-1), "not yet");
});

Deno.test("tries of a token that is refused keep the ladder for refusals", async () => {
  await using one = await Rotation.start();
  const { rig } = one;
  one.file.write("bad");
  await rig.until("it was tried", () => one.shown.length === 2, 1000);
  await rig.until("a minute has passed", minutes(rig, 0.9), 1000);
  assert.equal(one.shown.length, 2);
});

Deno.test("a token that is taken back is not tried any more", async () => {
  await using one = await Rotation.start();
  const { rig } = one;
  one.file.write("bad");
  await rig.until("it was tried", () => one.shown.length === 2, 1000);
  one.file.write("old");
  await rig.until("a quarter of an hour has passed", minutes(rig, 15), 30_000);
  assert.deepEqual(one.shown, ["old", "bad"]);
  assert.equal(rig.hub.connections.length, 1);
});

Deno.test("where the connection is lost while the new token does not work, the old one is gone back to", async () => {
  await using one = await Rotation.start();
  const { rig } = one;
  one.file.write("bad");
  await rig.until("it was tried", () => one.shown.length === 2, 1000);
  rig.hub.connections[0]?.cut("reset");
  await registeredAgain(rig);
  assert.equal(one.shown.at(-1), "old");
});

Deno.test("a token that cannot be read is told once for each change, and the old one stays", async () => {
  await using one = await Rotation.start();
  const { rig } = one;
  one.file.write(new Error("server.token_file: the token is empty"));
  await rig.until("two minutes have passed", minutes(rig, 2), 10_000);
  assert.equal(one.logged("link.credentials_unusable").length, 1);
  one.file.write(new Error("server.token_file: the token is empty"));
  await rig.until("two minutes have passed", minutes(rig, 2), 10_000);
  assert.equal(one.logged("link.credentials_unusable").length, 2);
  assert.deepEqual(one.shown, ["old"]);
});

Deno.test("a file that does not change is not read again", async () => {
  await using one = await Rotation.start();
  await one.rig.until("ten minutes have passed", minutes(one.rig, 10), 30_000);
  assert.equal(one.file.reads, 1);
});

Deno.test("an agent that is refused dials with a new token as soon as it is there", async () => {
  await using one = await Rotation.start();
  const { rig } = one;
  one.accepted = "new";
  rig.hub.connections[0]?.cut("reset");
  await rig.until("it is refused", () => one.shown.length === 2, 100);
  const startMs = rig.clock.monotonicMs();
  one.file.write("new");
  await registeredAgain(rig);
  assert.ok(rig.clock.monotonicMs() - startMs <= 40_000, "without waiting for the refusal's minute to pass");
});

/** Waits in large steps, as refusals have long waits. */
async function registeredAgain(rig: AgentRig): Promise<void> {
  const count = () => rig.events.filter(({ type }) => type === "registered").length;
  await rig.until("it is registered again", () => count() >= 2, 5000);
}

/** Whether so many minutes have passed since now. */
function minutes(rig: AgentRig, count: number): () => boolean {
  const startMs = rig.clock.monotonicMs();
  return () => rig.clock.monotonicMs() - startMs >= count * 60_000;
}
