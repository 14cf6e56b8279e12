import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { SigningKey, startHub } from "../../lib/hub/mod.ts";
import { CAPABILITIES, type MessageAuth, signedText } from "../../lib/protocol/mod.ts";
import { AGENT_ID, deadline, type FakeAgent, Stage } from "./fake_agent.ts";

const key = SigningKey.generate();
const SIGNS = { capabilities: ["signed_sessions", "session_input_ack"] };

/** Verifies as somebody would who has the public line alone. */
function isSigned(text: string, auth: MessageAuth, line = key.publicLine): boolean {
  const [, keyId, publicKey = ""] = line.split(":");
  const der = Buffer.concat([
    Buffer.from("302a300506032b6570032100", "hex"),
    Buffer.from(publicKey, "base64"),
  ]);
  const known = createPublicKey({ key: der, format: "der", type: "spki" });
  return keyId === auth.key_id &&
    verify(null, new TextEncoder().encode(text), known, Buffer.from(auth.signature, "base64"));
}

async function started(stage: Stage, agent: FakeAgent) {
  const session = stage.hub.startSession(AGENT_ID, { type: "chat", userName: "ann", params: { depth: 2 } });
  const start = await agent.next("session_start");
  agent.ack(start.id);
  return { session, start };
}

Deno.test(
  "what is asked of an agent that agreed is signed, and counted within a session",
  deadline,
  async () => {
    await using stage = await Stage.start({ signingKey: key });
    const agent = await stage.registered(SIGNS);
    const { session, start } = await started(stage, agent);
    const { auth, ...fields } = start.payload;
    assert.ok(auth);
    assert.equal(auth.sequence, undefined);
    assert.ok(Math.abs(auth.time - Date.now() / 1000) < 60 && Number.isInteger(auth.time));
    assert.ok(isSigned(signedText(AGENT_ID, { type: "session_start", ...fields }, auth), auth));

    const nonces = new Set([auth.nonce]);
    for (const sequence of [1, 2]) {
      const answered = session.input(`turn ${sequence}`);
      const { id, payload: { auth, ...fields } } = await agent.next("session_input");
      agent.ack(id);
      assert.deepEqual(await answered, { ok: true });
      assert.ok(auth && isSigned(signedText(AGENT_ID, { type: "session_input", ...fields }, auth), auth));
      assert.equal(auth.sequence, sequence);
      nonces.add(auth.nonce);
    }
    session.cancel("enough");
    const { auth: last, ...cancelled } = (await agent.next("session_cancel")).payload;
    assert.ok(last && isSigned(signedText(AGENT_ID, { type: "session_cancel", ...cancelled }, last), last));
    assert.equal(last.sequence, 3);
    assert.equal(nonces.add(last.nonce).size, 4, "no nonce is used twice");

    const other = await started(stage, agent);
    other.session.cancel("enough");
    assert.equal(
      (await agent.next("session_cancel")).payload.auth?.sequence,
      1,
      "each session counts for itself",
    );
  },
);

Deno.test("nothing is signed for an agent that did not ask for it", deadline, async () => {
  await using stage = await Stage.start({ signingKey: key });
  const agent = await stage.registered();
  const { session, start } = await started(stage, agent);
  session.cancel("enough");
  const cancel = await agent.next("session_cancel");
  assert.ok(!("auth" in start.payload) && !("auth" in cancel.payload));
});

Deno.test(
  "a hub without a key does not offer to sign, also to an agent that asks for it",
  deadline,
  async () => {
    await using stage = await Stage.start();
    const agent = stage.dial(SIGNS);
    assert.deepEqual((await agent.register()).payload.capabilities, ["session_input_ack"]);
    const { start } = await started(stage, agent);
    assert.ok(!("auth" in start.payload));
  },
);

Deno.test("a hub that is to offer what it has no key for does not start", async () => {
  await assert.rejects(startHub({ capabilities: CAPABILITIES }), RangeError);
});

Deno.test("parameters are signed as they arrive, whatever they were", deadline, async () => {
  await using stage = await Stage.start({ signingKey: key });
  const agent = await stage.registered(SIGNS);
  const params = {
    at: new Date(0),
    none: undefined,
    not: NaN,
    torn: "\ud800",
    deep: { z: 1, a: [undefined] },
  };
  stage.hub.startSession(AGENT_ID, { type: "inspect", userName: "\udfff", params });
  const { auth, ...fields } = (await agent.next("session_start")).payload;
  assert.ok(auth && isSigned(signedText(AGENT_ID, { type: "session_start", ...fields }, auth), auth));
  assert.equal(fields.user_name, "\ufffd");
  assert.deepEqual(fields.params, {
    plugin: "",
    target: "",
    message: "",
    at: "1970-01-01T00:00:00.000Z",
    not: null,
    torn: "\ufffd",
    deep: { z: 1, a: [null] },
  });
});

Deno.test("a signing key is the same after it was written and read, and its id is the public key's checksum", () => {
  const again = SigningKey.fromPem(key.toPem());
  assert.equal(again.publicLine, key.publicLine);
  const auth = { key_id: key.keyId, time: 0, nonce: "", signature: again.sign("text") };
  assert.ok(isSigned("text", auth));
  assert.ok(!isSigned("other", auth));
  const [kind, id, publicKey = ""] = key.publicLine.split(":");
  assert.equal(kind, "ed25519");
  assert.equal(id, createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("hex").slice(0, 16));
  assert.notEqual(SigningKey.generate().keyId, key.keyId);
});

Deno.test("what is no Ed25519 private key is refused without being shown", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  });
  for (const pem of ["", "s3cret", key.publicLine, key.toPem().replace("M", "!"), String(rsa)]) {
    assert.throws(() => SigningKey.fromPem(pem), (error: unknown) => {
      assert.ok(error instanceof TypeError && error.message.startsWith("cannot use the signing key: it is "));
      assert.ok(!error.message.includes("s3cret") && error.cause === undefined);
      return true;
    });
  }
});

Deno.test("a signing key does not show itself when it is printed", () => {
  const secret = key.toPem().split("\n")[1] ?? "";
  for (const text of [Deno.inspect(key), JSON.stringify(key), String(key)]) assert.ok(!text.includes(secret));
});
