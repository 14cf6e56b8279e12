import assert from "node:assert/strict";
import type { MessageAuth } from "../../lib/protocol/mod.ts";
import { SessionAudit } from "../../lib/sessions/audit.ts";
import type { AuditEvent } from "../../lib/sessions/audit/line.ts";
import type { DispatcherOptions } from "../../lib/sessions/dispatcher.ts";
import type { RefusedMessage } from "../../lib/sessions/signature.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { FakeSessionLink } from "../fakes/fake_session_link.ts";
import { RecordingLogger } from "../link/recording_logger.ts";
import { job, Rig } from "./rig.ts";
import { cancel, input, KEY, OTHER_KEY, SignatureRig, start } from "./signature_rig.ts";

const REFUSED = "not allowed by host policy:";

/** A dispatcher that wants signatures, and who makes them. */
class SignedRig extends Rig {
  readonly signer: SignatureRig;
  readonly refused: RefusedMessage[];
  #ids = 0;

  constructor(options: DispatcherOptions & { capabilities?: string[] } = {}) {
    const signer = new SignatureRig();
    const refused: RefusedMessage[] = [];
    super({
      capabilities: ["signed_sessions", "session_input_ack"],
      signatures: signer.gate,
      onRefused: (one) => refused.push(one),
      ...options,
    });
    this.signer = signer;
    this.refused = refused;
  }

  /** Hands in a `session_start`. @returns its ack's error, `""` when it was accepted. */
  startWith(type: string, id: string, auth: MessageAuth | undefined): string | undefined {
    const messageId = `start-${++this.#ids}`;
    this.scope.start(messageId, {
      session_id: id,
      session_type: type,
      user_name: "ada",
      params: { plugin: "cpu", target: "", message: "" },
      ...(auth && { auth }),
    }, { plugin: "cpu" });
    return this.link.answer(messageId);
  }

  signedStart(type: string, id: string): string | undefined {
    return this.startWith(type, id, this.signer.sign(start({ session_id: id, session_type: type })));
  }

  inputWith(message: string, id: string, auth?: MessageAuth): string | undefined {
    const messageId = `input-${++this.#ids}`;
    this.scope.input(messageId, id, message, auth);
    return this.link.answer(messageId);
  }
}

Deno.test("a signed session is let in, its parameters as they were sent", async () => {
  await using rig = closing(new SignedRig());
  assert.equal(rig.signedStart("inspect", "a"), "");
  job(rig.diagnose.runs).resolve("# report");
  await settle();
  assert.deepEqual(rig.said("a"), ["final report=# report"]);
});

Deno.test("a session that is not signed is refused in the ack, after a missing id and before anything else", async () => {
  await using rig = closing(
    new SignedRig({ diagnoseRunner: undefined, allow: () => "a policy that would refuse as well" }),
  );
  assert.equal(rig.startWith("inspect", "", undefined), "missing session_id");
  assert.equal(rig.startRaw(undefined), "invalid payload");
  for (const type of ["inspect", "diagnose", "chat", "no such type"]) {
    assert.equal(rig.startWith(type, "a", undefined), `${REFUSED} signature missing`);
  }
  assert.deepEqual(rig.dispatcher.figures.refused["not allowed by host policy"], 4);
  assert.deepEqual(rig.refused, [], "its ack says so already");
  assert.equal(rig.limiter.active, 0);
});

Deno.test("another type, id or user than the signature's is refused", async () => {
  await using rig = closing(new SignedRig());
  const auth = rig.signer.sign(start({ session_id: "a", session_type: "inspect" }));
  assert.equal(rig.startWith("chat", "a", auth), `${REFUSED} signature wrong`);
  assert.equal(rig.startWith("inspect", "b", auth), `${REFUSED} signature wrong`);
  assert.equal(rig.startWith("inspect", "a", auth), "");
  assert.equal(rig.startWith("inspect", "a", auth), `${REFUSED} signature used before`);
});

Deno.test("a signature vouches for the parameters as they were sent: one that is added is refused", async () => {
  await using rig = closing(new SignedRig());
  const auth = rig.signer.sign(start({ session_id: "a" }));
  const params = { plugin: "cpu", target: "", message: "", depth: 9 };
  rig.scope.start("m", { session_id: "a", session_type: "inspect", user_name: "ada", params, auth }, {
    plugin: "cpu",
    depth: 9,
  });
  assert.equal(rig.link.answer("m"), `${REFUSED} signature wrong`);
});

Deno.test("a chat takes signed messages only, each once and in order", async () => {
  await using rig = closing(new SignedRig());
  assert.equal(rig.signedStart("chat", "a"), "");
  await settle();
  const chat = rig.chat.chats.at(-1);
  const sign = (message: string, sequence: number) => rig.signer.sign(input(message, "a"), { sequence });
  assert.equal(rig.inputWith("rm", "a"), `${REFUSED} signature missing`);
  const first = sign("one", 1);
  assert.equal(rig.inputWith("two", "a", first), `${REFUSED} signature wrong`);
  assert.equal(rig.inputWith("one", "a", first), "");
  assert.equal(rig.inputWith("one", "a", first), `${REFUSED} signature used before`);
  assert.equal(rig.inputWith("other", "a", sign("other", 1)), `${REFUSED} sequence number used before`);
  await settle();
  assert.deepEqual(chat?.turns.map(({ request }) => request), ["one"]);
  assert.deepEqual(
    rig.refused.map(({ type, sessionId, keyId, refusal }) => [type, sessionId, keyId, refusal]),
    [
      ["session_input", "a", "", "signature missing"],
      ["session_input", "a", KEY.keyId, "signature wrong"],
      ["session_input", "a", KEY.keyId, "signature used before"],
      ["session_input", "a", KEY.keyId, "sequence number used before"],
    ],
  );
});

Deno.test("a session is not cancelled by a message that is not signed, nor by one of another session", async () => {
  const log = new RecordingLogger();
  await using rig = closing(new SignedRig({ logger: log.logger }));
  rig.signedStart("diagnose", "a");
  rig.signedStart("diagnose", "b");
  const [a, b] = rig.diagnose.runs;
  rig.scope.cancel("a", "enough");
  rig.scope.cancel("a", "enough", rig.signer.sign(cancel("enough", "b"), { sequence: 1 }));
  rig.scope.cancel("a", "enough", rig.signer.sign(cancel("enough", "a"), { sequence: 1, key: OTHER_KEY }));
  assert.deepEqual([a?.signal.aborted, b?.signal.aborted], [false, false]);
  assert.deepEqual(rig.refused.map(({ refusal }) => refusal), [
    "signature missing",
    "signature wrong",
    "signature by an unknown key",
  ]);
  assert.equal(log.events("warning").filter((event) => event === "session.cancel_refused").length, 3);
  rig.scope.cancel("a", "enough", rig.signer.sign(cancel("enough", "a"), { sequence: 1 }));
  assert.deepEqual([a?.signal.aborted, b?.signal.aborted], [true, false]);
});

Deno.test("a signed message for a session that is not there is answered as ever", async () => {
  await using rig = closing(new SignedRig());
  const auth = () => rig.signer.sign(input("hello", "gone"), { sequence: 1 });
  assert.equal(rig.inputWith("hello", "gone", auth()), "session not found");
  assert.equal(rig.inputWith("hello", "gone", auth()), "session not found", "nothing is counted for it");
  assert.equal(rig.inputWith("hello", "gone"), `${REFUSED} signature missing`);
});

Deno.test("an id that is used again counts its messages anew", async () => {
  await using rig = closing(new SignedRig());
  for (const _ of [1, 2]) {
    assert.equal(rig.signedStart("diagnose", "a"), "");
    rig.scope.cancel("a", "enough", rig.signer.sign(cancel("enough", "a"), { sequence: 1 }));
    job(rig.diagnose.runs).resolve("");
    await settle();
  }
  assert.equal(rig.limiter.active, 0);
});

Deno.test("what was refused for its signature is in the audit: starts, messages and cancels", async () => {
  const entries: AuditEvent[] = [];
  const audit = new SessionAudit({
    log: {
      append: (...events) => {
        entries.push(...events);
        return Promise.resolve();
      },
    },
    clock: new FakeClock(),
    hub: () => "hub.example.com",
  });
  await using rig = closing(new SignedRig({ audit, onRefused: undefined }));
  assert.equal(rig.signedStart("chat", "a"), undefined, "it is written down first");
  await settle();
  rig.startWith("inspect", "b", rig.signer.sign(start(), { key: OTHER_KEY }));
  rig.inputWith("rm", "a", undefined);
  rig.scope.cancel("a", "enough");
  await settle();
  const refused = entries.filter(({ event }) => String(event).endsWith(".refused"));
  const hub = "hub.example.com";
  assert.deepEqual(refused, [
    {
      event: "session.refused",
      hub,
      session: "b",
      type: "inspect",
      user: "ada",
      key: OTHER_KEY.keyId,
      plugin: "cpu",
      reason: `${REFUSED} signature by an unknown key`,
    },
    { event: "message.refused", hub, message: "session_input", session: "a", reason: "signature missing" },
    { event: "message.refused", hub, message: "session_cancel", session: "a", reason: "signature missing" },
  ]);
});

Deno.test("a hub that did not agree to sign is warned of once, and its sessions are refused", () => {
  const log = new RecordingLogger();
  const rig = new SignedRig({ capabilities: [], logger: log.logger });
  assert.deepEqual(log.events("warning"), ["session.hub_does_not_sign"]);
  assert.equal(rig.startWith("inspect", "a", undefined), `${REFUSED} signature missing`);
  assert.deepEqual(log.events("warning"), ["session.hub_does_not_sign"]);
});

Deno.test("where no signature is needed, none is looked at, and nobody is warned", async () => {
  const log = new RecordingLogger();
  const unguarded = new SignatureRig({ keys: [] });
  await using rig = closing(
    new SignedRig({ signatures: unguarded.gate, capabilities: [], logger: log.logger }),
  );
  assert.equal(rig.startWith("diagnose", "a", undefined), "");
  const nobody = { key_id: "", time: 0, nonce: "", signature: "" };
  assert.equal(rig.startWith("diagnose", "b", nobody), "");
  rig.scope.cancel("a", "enough");
  assert.equal(rig.diagnose.runs[0]?.signal.aborted, true);
  assert.deepEqual(log.events("warning"), []);
});

Deno.test("a listener that throws does not let a refused message in", async () => {
  await using rig = closing(
    new SignedRig({
      onRefused: () => {
        throw new Error("the audit is full");
      },
    }),
  );
  rig.signedStart("diagnose", "a");
  rig.scope.cancel("a", "enough");
  assert.equal(rig.diagnose.runs[0]?.signal.aborted, false);
});

Deno.test("an agent that stops refuses before it looks at the signature: it can be shown to the next one", async () => {
  const rig = new SignedRig();
  const auth = rig.signer.sign(start({ session_id: "a" }));
  await rig.scope.stop("the agent is stopping");
  assert.equal(rig.startWith("inspect", "a", auth), "agent is stopping");
  const link = new FakeSessionLink();
  const scope = rig.dispatcher.open(link, { capabilities: ["signed_sessions"] });
  const params = { plugin: "cpu", target: "", message: "" };
  scope.start("m", { session_id: "a", session_type: "inspect", user_name: "ada", params, auth }, {
    plugin: "cpu",
  });
  assert.equal(link.answer("m"), "");
  job(rig.diagnose.runs).resolve("");
  await Promise.all([rig.scope.close("end of test"), scope.close("end of test")]);
});

/** Closes the scope at the end of the test; work that nobody settled is given up after the clock's second. */
function closing(rig: SignedRig): SignedRig & AsyncDisposable {
  return Object.assign(rig, {
    async [Symbol.asyncDispose]() {
      const closed = rig.scope.close("end of test");
      await rig.clock.tick(1000);
      await closed;
    },
  });
}
