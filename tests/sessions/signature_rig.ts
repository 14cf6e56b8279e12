import { Buffer } from "node:buffer";
import { SigningKey } from "../../lib/hub/mod.ts";
import { type MessageAuth, type SignedMessage, signedText } from "../../lib/protocol/mod.ts";
import { SignatureGate, type SignatureGateOptions, type TrustedKey } from "../../lib/sessions/signature.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { RecordingLogger } from "../link/recording_logger.ts";

export const AGENT_ID = "5f0c1d6e-52b4-4d0e-9a3b-3b1f6a4f2c11";
export const OTHER_AGENT_ID = "0b7f6a30-8a57-4c3f-8d5c-7f1f0b9a2e44";

export const KEY = SigningKey.generate();
export const OTHER_KEY = SigningKey.generate();

/** As an agent's configuration would give it. */
export function trusted(key: SigningKey): TrustedKey {
  const [, keyId = "", text = ""] = key.publicLine.split(":");
  return { keyId, publicKey: new Uint8Array(Buffer.from(text, "base64")) };
}

export function start(
  fields: Partial<Extract<SignedMessage, { type: "session_start" }>> = {},
): SignedMessage {
  return {
    type: "session_start",
    session_id: "s1",
    session_type: "inspect",
    user_name: "ada",
    params: { plugin: "cpu" },
    ...fields,
  };
}

export function input(message: string, session_id = "s1"): SignedMessage {
  return { type: "session_input", session_id, message };
}

export function cancel(reason: string, session_id = "s1"): SignedMessage {
  return { type: "session_cancel", session_id, reason };
}

export interface SignOptions {
  key?: SigningKey;
  agentId?: string;
  sequence?: number | undefined;
  time?: number;
  nonce?: string;
}

/** A gate that trusts {@linkcode KEY}, and who signs for it. */
export class SignatureRig {
  readonly clock = new FakeClock();
  readonly log = new RecordingLogger();
  readonly gate: SignatureGate;
  #nonces = 0;

  constructor(options: Partial<SignatureGateOptions> = {}) {
    this.clock.wallOffsetMs = 1000 * 3600;
    // Nothing was used before: a memory without a file waits that out.
    this.gate = new SignatureGate({
      agentId: AGENT_ID,
      keys: [trusted(KEY)],
      clock: this.clock,
      logger: this.log.logger,
      ...options,
    });
    if (options.path === undefined) this.clock.wallOffsetMs += 1000 * 300;
  }

  get nowSec(): number {
    return Math.floor(this.clock.wallMs() / 1000);
  }

  sign(
    message: SignedMessage,
    { key = KEY, agentId = AGENT_ID, sequence, time = this.nowSec, nonce = this.nonce() }: SignOptions = {},
  ): MessageAuth {
    const unsigned = { time, nonce, ...(sequence !== undefined && { sequence }) };
    return { key_id: key.keyId, ...unsigned, signature: key.sign(signedText(agentId, message, unsigned)) };
  }

  /** Signs a message and hands it in. */
  refusal(message: SignedMessage, options: SignOptions & { session?: object } = {}): string | undefined {
    const { session, ...how } = options;
    return this.gate.refusal(message, this.sign(message, how), session);
  }

  nonce(): string {
    return `nonce-${`${++this.#nonces}`.padStart(16, "0")}`;
  }
}
