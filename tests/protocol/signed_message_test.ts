import assert from "node:assert/strict";
import fc from "fast-check";
import { type SignedMessage, signedText } from "../../lib/protocol/mod.ts";

const AGENT = "5f0c1d6e-52b4-4d0e-9a3b-3b1f6a4f2c11";
const stamp = { time: 1_700_000_000, nonce: "0123456789abcdef" };

Deno.test("the texts that are signed", () => {
  const session_id = "s1";
  const start: SignedMessage = {
    type: "session_start",
    session_id,
    session_type: "inspect",
    user_name: "ada",
    params: { target: "localhost", plugin: "cpu" },
  };
  assert.equal(
    signedText(AGENT, start, stamp),
    `[1,"${AGENT}","s1","inspect","ada",{"plugin":"cpu","target":"localhost"},1700000000,"0123456789abcdef"]`,
  );
  assert.equal(
    signedText(AGENT, { type: "session_input", session_id, message: "and now?" }, { ...stamp, sequence: 1 }),
    `[1,"${AGENT}","s1","session_input","and now?",1700000000,"0123456789abcdef",1]`,
  );
  assert.equal(
    signedText(AGENT, { type: "session_cancel", session_id, reason: "enough" }, { ...stamp, sequence: 2 }),
    `[1,"${AGENT}","s1","session_cancel","enough",1700000000,"0123456789abcdef",2]`,
  );
});

Deno.test("parameters that are absent or null are signed as none", () => {
  const text = (params: unknown) =>
    signedText(AGENT, {
      type: "session_start",
      session_id: "s",
      session_type: "diagnose",
      user_name: "",
      params,
    }, stamp);
  assert.equal(text(undefined), text({}));
  assert.equal(text(null), text({}));
});

Deno.test("an agent's id is signed in lower case, however its file spells it", () => {
  const cancel: SignedMessage = { type: "session_cancel", session_id: "s", reason: "" };
  const mark = { ...stamp, sequence: 1 };
  assert.equal(signedText(AGENT.toUpperCase(), cancel, mark), signedText(AGENT, cancel, mark));
});

Deno.test("no two messages share a text, of whatever kinds they are", () => {
  // Few values, so that fields of different messages often agree.
  const word = fc.constantFrom("", "a", "1", "session_start", "session_input", "session_cancel");
  const params = fc.oneof(
    fc.constant({}),
    fc.dictionary(word, fc.oneof(word, fc.integer({ min: 0, max: 2 })), { maxKeys: 2 }),
  );
  const message: fc.Arbitrary<SignedMessage> = fc.oneof(
    fc.record({
      type: fc.constant("session_start" as const),
      session_id: word,
      session_type: word,
      user_name: word,
      params,
    }),
    fc.record({ type: fc.constant("session_input" as const), session_id: word, message: word }),
    fc.record({ type: fc.constant("session_cancel" as const), session_id: word, reason: word }),
  );
  const small = fc.integer({ min: 1, max: 3 });
  const signed = fc.record({ agentId: word, message, time: small, nonce: word, sequence: small }).map(
    ({ agentId, message, time, nonce, sequence }) => ({
      said: JSON.stringify([
        agentId,
        Object.entries(message).map(([name, value]) => [
          name,
          typeof value === "object" && value !== null ? Object.entries(value).sort() : value,
        ]).sort(),
        time,
        nonce,
        message.type === "session_start" ? 0 : sequence,
      ]),
      text: signedText(
        agentId,
        message,
        message.type === "session_start" ? { time, nonce } : { time, nonce, sequence },
      ),
    }),
  );
  fc.assert(
    fc.property(
      signed,
      signed,
      (one, other) => assert.equal(one.said === other.said, one.text === other.text),
    ),
    { numRuns: 5000 },
  );
});
