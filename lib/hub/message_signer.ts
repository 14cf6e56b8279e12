/** Signs what a hub asks of one agent, under `signed_sessions`. */
import type { Clock } from "../clock.ts";
import { type MessageAuth, type SignedMessage, signedText } from "../protocol/mod.ts";
import type { SigningKey } from "./signing_key.ts";

/** Options of {@linkcode MessageSigner}. */
export interface MessageSignerOptions {
  key: SigningKey;
  /** For whom the signatures count. */
  agentId: string;
  clock: Clock;
  /** Makes text that was never used before with this key: 16 to 128 printable characters. @default crypto.randomUUID */
  newNonce?: () => string;
}

/** Makes the `auth` of messages. */
export class MessageSigner {
  readonly #options: Required<MessageSignerOptions>;

  constructor({ newNonce = () => crypto.randomUUID(), ...options }: MessageSignerOptions) {
    this.#options = { ...options, newNonce };
  }

  /**
   * The signature of `message`; it counts for two minutes, and once.
   *
   * @param sequence needed for all but `session_start`: higher than that of the session's message before, from 1.
   * @throws TypeError or RangeError for parameters that are no JSON values.
   */
  sign(message: SignedMessage, sequence?: number): MessageAuth {
    const { key, agentId, clock, newNonce } = this.#options;
    const unsigned = {
      time: Math.floor(clock.wallMs() / 1000),
      nonce: newNonce(),
      ...(sequence !== undefined && { sequence }),
    };
    const signature = key.sign(signedText(agentId, message, unsigned));
    return { key_id: key.keyId, ...unsigned, signature };
  }
}
