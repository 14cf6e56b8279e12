import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { decodeToAgent, type MessageAuth, type SignedMessage } from "../../lib/protocol/mod.ts";
import { SignatureGate } from "../../lib/sessions/signature.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import {
  AGENT_ID,
  cancel,
  input,
  KEY,
  OTHER_AGENT_ID,
  OTHER_KEY,
  SignatureRig,
  start,
  trusted,
} from "./signature_rig.ts";

Deno.test("a signed message counts once", () => {
  const rig = new SignatureRig();
  const auth = rig.sign(start());
  assert.equal(rig.gate.refusal(start(), auth), undefined);
  assert.equal(rig.gate.refusal(start(), auth), "signature used before");
  assert.equal(rig.gate.refusal(start(), rig.sign(start())), undefined, "signed anew, it counts again");
});

Deno.test("the example of the protocol's page counts: it was signed by openssl", async () => {
  await using folder = new TempFolder();
  const page = await Deno.readTextFile(new URL("../../docs/protocol.md", import.meta.url));
  const [, keyId = "", text = ""] = /ed25519:([0-9a-f]{16}):([A-Za-z0-9+/]{43}=)/.exec(page) ?? [];
  const [, signature = ""] = /"signature": "([^"]+)"/.exec(page) ?? [];
  using gate = new SignatureGate({
    agentId: AGENT_ID,
    keys: [{ keyId, publicKey: new Uint8Array(Buffer.from(text, "base64")) }],
    path: folder.at("signatures.db"),
    clock: new FakeClock(),
  });
  const auth = { key_id: keyId, time: 1_700_000_000, nonce: "0123456789abcdef", signature };
  assert.equal(gate.refusal(start({ user_name: "eve" }), auth), "signature wrong");
  assert.equal(gate.refusal(start(), auth), undefined);
});

Deno.test("a message without a signature is refused", () => {
  const rig = new SignatureRig();
  for (const message of [start(), input("hello"), cancel("enough")]) {
    assert.equal(rig.gate.refusal(message, undefined), "signature missing");
  }
});

Deno.test("without keys nothing has to be signed, and no signature is looked at", () => {
  const rig = new SignatureRig({ keys: [] });
  assert.equal(rig.gate.required, false);
  assert.equal(rig.gate.refusal(start(), undefined), undefined);
  assert.equal(rig.refusal(start(), { key: OTHER_KEY, time: 0 }), undefined);
});

Deno.test("a key that nobody trusts signs nothing, also under the name of one that is trusted", () => {
  const rig = new SignatureRig();
  assert.equal(rig.refusal(start(), { key: OTHER_KEY }), "signature by an unknown key");
  const forged = { ...rig.sign(start(), { key: OTHER_KEY }), key_id: KEY.keyId };
  assert.equal(rig.gate.refusal(start(), forged), "signature wrong");
});

Deno.test("what was signed for another agent does not count here", () => {
  const rig = new SignatureRig();
  assert.equal(rig.refusal(start(), { agentId: OTHER_AGENT_ID }), "signature wrong");
  assert.equal(rig.refusal(start(), { agentId: AGENT_ID.toUpperCase() }), undefined);
});

Deno.test("a signature counts for two minutes around its time, to the second", () => {
  const rig = new SignatureRig();
  const at = (time: number) => rig.refusal(start(), { time });
  const { nowSec } = rig;
  assert.equal(rig.clock.wallMs() % 1000, 0);
  assert.equal(at(nowSec - 120), undefined);
  assert.equal(at(nowSec - 121), "signature expired");
  assert.equal(at(nowSec + 120), undefined);
  assert.equal(at(nowSec + 121), "signature from the future");
});

Deno.test("a signature of one kind of message is none of another", () => {
  const rig = new SignatureRig();
  const ofInput = rig.sign(input("enough"), { sequence: 1 });
  assert.equal(rig.gate.refusal(cancel("enough"), ofInput, {}), "signature wrong");
  const { sequence: _, ...withoutSequence } = ofInput;
  assert.equal(rig.gate.refusal(start(), withoutSequence), "signature wrong");
});

Deno.test("what is no signature by its form is refused as such", () => {
  const rig = new SignatureRig();
  const good = rig.sign(start());
  const forms: Partial<MessageAuth>[] = [
    { key_id: "" },
    { time: 1.5 },
    { time: Infinity },
    { time: 2 ** 60 },
    { nonce: "" },
    { nonce: "short" },
    { nonce: "n".repeat(129) },
    { nonce: "with a blank in it" },
    { nonce: "ünprintable-nonce" },
    { signature: "" },
    { signature: good.signature.slice(0, -4) },
    { signature: `${good.signature}AAAA` },
    { signature: good.signature.replaceAll("=", "") },
    { signature: "!".repeat(88) },
    { signature: "A".repeat(1_000_000) },
    { sequence: 1 },
  ];
  for (const form of forms) {
    assert.equal(
      rig.gate.refusal(start(), { ...good, ...form }),
      "signature malformed",
      JSON.stringify(form).slice(0, 80),
    );
  }
  assert.equal(rig.gate.refusal(start(), good), undefined, "none of them has used it up");
});

Deno.test("messages within a session need a sequence number from 1 on", () => {
  const rig = new SignatureRig();
  for (const message of [input("hello"), cancel("enough")]) {
    for (const sequence of [0, -1, 1.5, 2 ** 53]) {
      assert.equal(rig.refusal(message, { sequence, session: {} }), "signature malformed", String(sequence));
    }
    const { sequence: _, ...without } = rig.sign(message, { sequence: 1 });
    assert.equal(rig.gate.refusal(message, without, {}), "signature malformed");
  }
});

Deno.test("a session's sequence numbers rise, over both kinds of message", () => {
  const rig = new SignatureRig();
  const session = {};
  assert.equal(rig.refusal(input("one"), { sequence: 1, session }), undefined);
  assert.equal(rig.refusal(input("one again"), { sequence: 1, session }), "sequence number used before");
  assert.equal(rig.refusal(cancel("enough"), { sequence: 1, session }), "sequence number used before");
  assert.equal(rig.refusal(input("four"), { sequence: 4, session }), undefined, "gaps are no harm");
  assert.equal(rig.refusal(input("three"), { sequence: 3, session }), "sequence number used before");
  assert.equal(rig.refusal(cancel("enough"), { sequence: 5, session }), undefined);
  assert.equal(
    rig.refusal(input("one"), { sequence: 1, session: {} }),
    undefined,
    "each session counts for itself",
  );
});

Deno.test("keys can be changed: those left out count no more, what was used stays used", () => {
  const rig = new SignatureRig();
  const auth = rig.sign(start());
  assert.equal(rig.gate.refusal(start(), auth), undefined);
  rig.gate.trust([trusted(OTHER_KEY)]);
  assert.equal(rig.refusal(start()), "signature by an unknown key");
  assert.equal(rig.refusal(start(), { key: OTHER_KEY }), undefined);
  rig.gate.trust([trusted(OTHER_KEY), trusted(KEY)]);
  assert.equal(rig.gate.refusal(start(), auth), "signature used before");
  assert.throws(() => rig.gate.trust([{ keyId: "k", publicKey: new Uint8Array(31) }]), RangeError);
  assert.equal(rig.refusal(start()), undefined, "a key that cannot be used changes nothing");
});

Deno.test("parameters that nobody can have signed are refused, and nothing is thrown", () => {
  const rig = new SignatureRig();
  const auth = rig.sign(start());
  const params = [
    JSON.parse("[".repeat(300_000) + "]".repeat(300_000)),
    { size: Infinity },
    { text: "\ud800" },
  ];
  for (const one of params) {
    assert.equal(rig.gate.refusal(start({ params: { one } }), auth), "signature wrong");
  }
});

Deno.test("a refusal is told at debug level with the key and the clocks' difference, never with the signature", () => {
  const rig = new SignatureRig();
  rig.refusal(start(), { time: rig.nowSec - 1000 });
  const [record] = rig.log.records;
  assert.deepEqual(record, {
    level: "debug",
    event: "session.signature_refused",
    fields: {
      session: "s1",
      type: "session_start",
      refusal: "signature expired",
      key: KEY.keyId,
      skewSec: -1000,
    },
  });
});

const text = fc.string({ maxLength: 8 });
const params = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
const messages: fc.Arbitrary<SignedMessage> = fc.oneof(
  fc.record({
    type: fc.constant("session_start" as const),
    session_id: text,
    session_type: text,
    user_name: text,
    params,
  }),
  fc.record({ type: fc.constant("session_input" as const), session_id: text, message: text }),
  fc.record({ type: fc.constant("session_cancel" as const), session_id: text, reason: text }),
);

/** Another value of the same kind. */
function altered(value: unknown, by: number): unknown {
  if (typeof value === "string") {
    if (value === "") return "x";
    const at = by % value.length;
    const next = value[at] === "A" ? "B" : "A";
    return by % 3 === 0 ? `${value}A` : value.slice(0, at) + next + value.slice(at + 1);
  }
  if (typeof value === "number") return value + 1 + by % 5;
  if (typeof value === "object" && value !== null) {
    const [name] = Object.keys(value);
    const fields = value as Record<string, unknown>;
    if (name === undefined || by % 2 === 0) return { ...fields, ["added" + by]: by };
    return { ...fields, [name]: { was: fields[name] } };
  }
  throw new Error(`nothing is known of ${typeof value}`);
}

Deno.test("whatever is altered in a message or its signature, it is refused, and the real one still counts", () => {
  const rig = new SignatureRig();
  fc.assert(
    fc.property(messages, fc.nat(), fc.nat(), (message, which, by) => {
      const auth = rig.sign(message, message.type === "session_start" ? {} : { sequence: 3 });
      const fields = [
        ...Object.keys(message).filter((name) => name !== "type").map((name) => ["message", name] as const),
        ...Object.keys(auth).map((name) => ["auth", name] as const),
      ];
      const [part, name] = fields[which % fields.length] ?? ["auth", "time"];
      const change = <Whole extends object>(whole: Whole): Whole => ({
        ...whole,
        [name]: altered((whole as Record<string, unknown>)[name], by),
      });
      const refusal = part === "message"
        ? rig.gate.refusal(change(message), auth, {})
        : rig.gate.refusal(message, change(auth), {});
      assert.notEqual(refusal, undefined, `${part}.${name} was altered`);
      assert.equal(rig.gate.refusal(message, auth, {}), undefined);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("every single bit of a signature matters", () => {
  const rig = new SignatureRig();
  const auth = rig.sign(start());
  const bytes = atob(auth.signature);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = [...bytes].map((char, at) =>
      String.fromCharCode(char.charCodeAt(0) ^ (at === bit >> 3 ? 1 << (bit & 7) : 0))
    ).join("");
    assert.equal(rig.gate.refusal(start(), { ...auth, signature: btoa(flipped) }), "signature wrong");
  }
  assert.equal(rig.gate.refusal(start(), auth), undefined);
});

Deno.test("whatever a hub sends as a signature, it is judged and nothing is thrown", () => {
  const rig = new SignatureRig();
  const value = fc.oneof(
    fc.constantFrom(KEY.keyId, rig.nowSec, "0123456789abcdef", "A".repeat(86) + "==", 1),
    fc.jsonValue(),
  );
  const auth = fc.oneof(
    fc.jsonValue(),
    fc.record({ key_id: value, time: value, nonce: value, signature: value, sequence: value }, {
      requiredKeys: [],
    }),
  );
  fc.assert(fc.property(auth, (auth) => {
    const decoded = decodeToAgent(
      JSON.stringify({ type: "session_cancel", id: "m", payload: { session_id: "s", auth } }),
    );
    assert.ok(decoded.ok && decoded.message.type === "session_cancel");
    const { payload } = decoded.message;
    assert.match(rig.gate.refusal(cancel("", "s"), payload.auth, {}) ?? "let in", /^signature /);
  }));
});

Deno.test("an agent whose id is known by any spelling has one gate", () => {
  const rig = new SignatureRig();
  const gate = new SignatureGate({
    agentId: AGENT_ID.toUpperCase(),
    keys: [trusted(KEY)],
    clock: rig.clock,
    logger: rig.log.logger,
  });
  rig.clock.wallOffsetMs += 300_000;
  assert.equal(gate.refusal(start(), rig.sign(start())), undefined);
  gate[Symbol.dispose]();
});
