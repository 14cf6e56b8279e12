import assert from "node:assert/strict";
import { Agent, type AgentOptions } from "../lib/agent.ts";
import { type Hub, type SigningKey, startHub } from "../lib/hub/mod.ts";
import { type Capability, type SignedMessage, signedText } from "../lib/protocol/mod.ts";
import { AGENT_ID, AgentRig, recordedHost } from "./agent_rig.ts";
import { TempFolder } from "./config/temp_folder.ts";
import { until } from "./fakes/until.ts";
import { KEY, OTHER_KEY, trusted } from "./sessions/signature_rig.ts";

const deadline = { timeout: 60_000 };
const REFUSED = "not allowed by host policy:";

/** A `session_start` as the holder of {@linkcode KEY} would send it now. */
function signedStart() {
  const asked = {
    session_id: crypto.randomUUID(),
    session_type: "inspect",
    user_name: "ada",
    params: { plugin: "cpu" },
  };
  const message: SignedMessage = { type: "session_start", ...asked };
  const stamp = { time: Math.floor(Date.now() / 1000), nonce: crypto.randomUUID() };
  const signature = KEY.sign(signedText(AGENT_ID, message, stamp));
  return { ...asked, auth: { key_id: KEY.keyId, ...stamp, signature } };
}

/** A real hub and a real agent that trusts {@linkcode KEY}. */
class Pair implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #folder = new TempFolder();

  private constructor(readonly hub: Hub, options: Partial<AgentOptions>) {
    const agent = new Agent({
      address: hub.address,
      agentId: AGENT_ID,
      checks: () => [],
      host: recordedHost(),
      stateDir: this.#folder.path,
      trustedKeys: [trusted(KEY)],
      diagnoseRunner: { run: (request) => Promise.resolve(`# ${request.plugin} for ${request.userName}`) },
      chatRunner: {
        open: () => Promise.resolve({ turn: (message: string) => Promise.resolve(message.toUpperCase()) }),
      },
      ...options,
    });
    this.#running = agent.run(this.#stop.signal);
  }

  static async start(signingKey: SigningKey | undefined, options: Partial<AgentOptions> = {}): Promise<Pair> {
    const pair = new Pair(await startHub({ signingKey, closeTimeoutMs: 200 }), options);
    await until("the agent is registered", () => pair.hub.agents().length === 1);
    return pair;
  }

  get capabilities(): readonly Capability[] {
    return this.hub.agents()[0]?.capabilities ?? [];
  }

  ask(type: string, params: Record<string, unknown> = {}) {
    return this.hub.startSession(AGENT_ID, { type, userName: "ada", params });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.hub.close();
    await this.#folder[Symbol.asyncDispose]();
  }
}

Deno.test("a hub with the key: sessions of every kind, signed from end to end", deadline, async () => {
  await using pair = await Pair.start(KEY);
  assert.ok(pair.capabilities.includes("signed_sessions"));
  const inspect = pair.ask("inspect", { plugin: "cpu", depth: { z: [1, 2.5, null], a: "ü" } });
  assert.deepEqual(await inspect.accepted, { ok: true });
  assert.deepEqual(await inspect.final, { report: "# cpu for ada" });

  const chat = pair.ask("chat", { message: "one" });
  assert.deepEqual(await chat.accepted, { ok: true });
  const replies = chat.outputs[Symbol.asyncIterator]();
  assert.equal((await replies.next()).value?.delta, "ONE");
  for (const message of ["two", "three"]) {
    assert.deepEqual(await chat.input(message), { ok: true });
    assert.equal((await replies.next()).value?.delta, message.toUpperCase());
  }
  chat.cancel("enough");
  assert.deepEqual(await chat.final, {});
});

Deno.test(
  "a hub without a key, or with another, gets no session and no chat turn through",
  deadline,
  async () => {
    for (
      const [key, why] of [[undefined, "signature missing"], [
        OTHER_KEY,
        "signature by an unknown key",
      ]] as const
    ) {
      await using pair = await Pair.start(key);
      for (const type of ["inspect", "diagnose", "chat", "no such type"]) {
        assert.deepEqual(await pair.ask(type, { plugin: "cpu" }).accepted, {
          ok: false,
          error: `${REFUSED} ${why}`,
        });
      }
    }
  },
);

Deno.test(
  "an agent that trusts no key works with a hub that has one, and does not ask it to sign",
  deadline,
  async () => {
    await using pair = await Pair.start(KEY, { trustedKeys: [] });
    assert.ok(!pair.capabilities.includes("signed_sessions"));
    assert.deepEqual(await pair.ask("inspect", { plugin: "mem" }).final, { report: "# mem for ada" });
  },
);

Deno.test(
  "a start that was used before the agent's restart is refused after it, word for word",
  deadline,
  async () => {
    await using folder = new TempFolder();
    // A hub with the key asks once; what it sends is kept, as somebody on its machine could.
    let frame: string | undefined;
    const options: Partial<AgentOptions> = {
      stateDir: folder.path,
      trustedKeys: [trusted(KEY)],
      diagnoseRunner: { run: () => Promise.resolve("# done") },
    };
    {
      await using rig = await AgentRig.start({ capabilities: ["signed_sessions"] }, options);
      const connection = await rig.registered();
      frame = JSON.stringify({ type: "session_start", id: "m1", payload: signedStart() });
      connection.send(frame);
      assert.deepEqual((await connection.next("ack")).payload, { ok: true });
    }
    await using rig = await AgentRig.start({ capabilities: ["signed_sessions"] }, options);
    const connection = await rig.registered();
    connection.send(frame);
    assert.equal((await connection.next("ack")).payload.error, `${REFUSED} signature used before`);
    connection.send(JSON.stringify({ type: "session_start", id: "m2", payload: signedStart() }));
    assert.deepEqual((await connection.next("ack")).payload, { ok: true });
  },
);

Deno.test("parameters are judged as they were sent: neither more of them nor fewer", deadline, async () => {
  await using folder = new TempFolder();
  await using rig = await AgentRig.start({ capabilities: ["signed_sessions"] }, {
    stateDir: folder.path,
    trustedKeys: [trusted(KEY)],
    diagnoseRunner: { run: () => Promise.resolve("# done") },
  });
  const connection = await rig.registered();
  const answer = async (payload: object) => {
    connection.send({ type: "session_start", payload });
    return (await connection.next("ack")).payload;
  };
  const wrong = { ok: false, error: `${REFUSED} signature wrong` };
  const signed = signedStart();
  assert.deepEqual(await answer({ ...signed, params: { ...signed.params, depth: 9 } }), wrong);
  assert.deepEqual(await answer({ ...signed, params: { ...signed.params, target: "" } }), wrong);
  assert.deepEqual(await answer({ ...signed, params: {} }), wrong);
  assert.deepEqual(await answer({ ...signed, params: null }), wrong);
  assert.deepEqual(await answer({ ...signed, user_name: "root" }), wrong);
  assert.deepEqual(await answer(signed), { ok: true });
});

Deno.test(
  "a session that came before the registration was acked needs its signature as well",
  deadline,
  async () => {
    await using folder = new TempFolder();
    const { auth: _, ...unsigned } = signedStart();
    await using rig = await AgentRig.start({
      capabilities: ["signed_sessions"],
      beforeAck: [{ type: "session_start", id: "early", payload: unsigned }],
    }, { stateDir: folder.path, trustedKeys: [trusted(KEY)] });
    const connection = await rig.hub.nextConnection();
    const ack = await connection.next((message) => message.type === "ack" && message.ref_id === "early");
    assert.deepEqual(ack.payload, { ok: false, error: `${REFUSED} signature missing` });
  },
);
