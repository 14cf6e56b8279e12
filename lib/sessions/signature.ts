/** Signed sessions: what is asked of this host has to come from somebody whose key it trusts. */
import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { getLogger, type Logger } from "@logtape/logtape";
import { type Clock, systemClock } from "../clock.ts";
import { type MessageAuth, type SignedMessage, signedText } from "../protocol/mod.ts";
import { errorText } from "./error_text.ts";
import { ReplayMemory } from "./replay_memory.ts";

/** How far a signature's time may be from this host's, in seconds. */
export const SIGNATURE_WINDOW_SEC = 120;

/** Whose signature counts. */
export interface TrustedKey {
  /** The first 16 hexadecimal digits of the SHA-256 of the public key. */
  readonly keyId: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Why a message does not count; these words are what the hub is told. */
export type SignatureRefusal =
  | "signature missing"
  | "signature malformed"
  | "signature by an unknown key"
  | "signature expired"
  | "signature from the future"
  | "signature wrong"
  | "sequence number used before"
  | "signature used before"
  | "signature not known to be new"
  | "too many signatures at once"
  | "signatures cannot be remembered";

/** What sessions ask before they do what a message says. */
export interface SignatureCheck {
  /** Whether messages must be signed. */
  readonly required: boolean;
  /**
   * Judges a message; one that passes has used its signature up. Never throws.
   *
   * @param session what a `session_input` or `session_cancel` is for, where it is known: its messages are counted.
   * @returns why it does not count; undefined where it does.
   */
  refusal(
    message: SignedMessage,
    auth: MessageAuth | undefined,
    session?: object,
  ): SignatureRefusal | undefined;
}

/** A message that was refused for its signature, for the audit. */
export interface RefusedMessage {
  readonly type: SignedMessage["type"];
  readonly sessionId: string;
  /** The key that it names, whether or not that key has signed it; empty where it names none. */
  readonly keyId: string;
  readonly refusal: SignatureRefusal;
}

/** Options of {@linkcode SignatureGate}. */
export interface SignatureGateOptions {
  /** This agent: what is signed for another does not count here. */
  agentId: string;
  /** Without any, nothing has to be signed. */
  keys: readonly TrustedKey[];
  /** The file that remembers used signatures over a restart. @default none: see {@linkcode ReplayMemory} */
  path?: string | undefined;
  /** How many signatures of one key are remembered at most. @default 4096 */
  maxPerKey?: number;
  /** Its wall time is what counts. @default systemClock */
  clock?: Clock;
  /** @default getLogger(["pawl", "sessions"]) */
  logger?: Logger;
}

/** What an Ed25519 public key begins with as SubjectPublicKeyInfo. */
const KEY_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

const NONCE = /^[\x21-\x7e]{16,128}$/;
/** The length of a signature, in bytes. */
const SIGNATURE_BYTES = 64;

/** Checks signatures. Outlives connections; dispose of it when the agent has stopped. */
export class SignatureGate implements SignatureCheck, Disposable {
  readonly #agentId: string;
  readonly #memory: ReplayMemory;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #sequences = new WeakMap<object, number>();
  #keys: ReadonlyMap<string, KeyObject> = new Map();

  /** @throws RangeError for a key that is not 32 bytes long. */
  constructor(options: SignatureGateOptions) {
    const { agentId, keys, path, maxPerKey, clock = systemClock } = options;
    const { logger = getLogger(["pawl", "sessions"]) } = options;
    this.#agentId = agentId;
    this.#clock = clock;
    this.#logger = logger;
    this.#memory = new ReplayMemory({
      path,
      windowSec: SIGNATURE_WINDOW_SEC,
      startSec: clock.wallMs() / 1000,
      logger,
      ...(maxPerKey !== undefined && { maxPerKey }),
    });
    this.trust(keys);
  }

  get required(): boolean {
    return this.#keys.size > 0;
  }

  /**
   * From now on these keys count and no others; what was used stays used.
   *
   * @throws RangeError for a key that is not 32 bytes long; nothing has changed then.
   */
  trust(keys: readonly TrustedKey[]): void {
    this.#keys = new Map(keys.map(({ keyId, publicKey }) => [keyId, keyOf(publicKey)]));
  }

  refusal(
    message: SignedMessage,
    auth: MessageAuth | undefined,
    session?: object,
  ): SignatureRefusal | undefined {
    if (!this.required) return undefined;
    const refusal = this.#judge(message, auth, session);
    if (refusal !== undefined) {
      const { session_id, type } = message;
      const skewSec = auth && Math.round(auth.time - this.#clock.wallMs() / 1000);
      this.#logger.debug("session.signature_refused", {
        session: session_id,
        type,
        refusal,
        key: shownKeyId(auth),
        ...(skewSec !== undefined && { skewSec }),
      });
    }
    return refusal;
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
  }

  /** What costs least is asked first; what a signature vouches for is believed only after it was verified. */
  #judge(
    message: SignedMessage,
    auth: MessageAuth | undefined,
    session: object | undefined,
  ): SignatureRefusal | undefined {
    if (auth === undefined) return "signature missing";
    if (!isWellFormed(message, auth)) return "signature malformed";
    const key = this.#keys.get(auth.key_id);
    if (key === undefined) return "signature by an unknown key";
    const nowSec = this.#clock.wallMs() / 1000;
    if (auth.time < nowSec - SIGNATURE_WINDOW_SEC) return "signature expired";
    if (auth.time > nowSec + SIGNATURE_WINDOW_SEC) return "signature from the future";
    if (!this.#isSigned(message, auth, key)) return "signature wrong";
    return this.#useUp(auth, nowSec, session);
  }

  #isSigned(message: SignedMessage, auth: MessageAuth, key: KeyObject): boolean {
    let text: string;
    try {
      text = signedText(this.#agentId, message, auth);
    } catch {
      return false; // nobody can have signed what has no text
    }
    return verify(null, new TextEncoder().encode(text), key, Buffer.from(auth.signature, "base64"));
  }

  #useUp(auth: MessageAuth, nowSec: number, session: object | undefined): SignatureRefusal | undefined {
    const { key_id, nonce, time, sequence } = auth;
    let use;
    try {
      use = this.#memory.use(key_id, nonce, time, nowSec);
    } catch (error) {
      this.#logger.error("session.signature_not_remembered", { error: errorText(error) });
      return "signatures cannot be remembered";
    }
    if (use !== "fresh") return USE_REFUSALS[use];
    if (session === undefined || sequence === undefined) return undefined;
    if (sequence <= (this.#sequences.get(session) ?? 0)) return "sequence number used before";
    this.#sequences.set(session, sequence);
    return undefined;
  }
}

/** The id of the key that a message names, as far as it can be one; empty where it names none. */
export function shownKeyId(auth: MessageAuth | undefined): string {
  return auth?.key_id.slice(0, 16) ?? "";
}

const USE_REFUSALS = {
  used: "signature used before",
  forgotten: "signature not known to be new",
  full: "too many signatures at once",
} as const;

function isWellFormed(
  message: SignedMessage,
  { key_id, time, nonce, signature, sequence }: MessageAuth,
): boolean {
  const isCounted = message.type !== "session_start";
  const isCount = sequence !== undefined && Number.isSafeInteger(sequence) && sequence >= 1;
  return key_id !== "" && Number.isSafeInteger(time) && NONCE.test(nonce) && isSignature(signature) &&
    (isCounted ? isCount : sequence === undefined);
}

/** Whether it is the one spelling of 64 bytes in Base64. */
function isSignature(text: string): boolean {
  if (text.length !== 88) return false; // before anything long is decoded
  const bytes = Buffer.from(text, "base64");
  return bytes.length === SIGNATURE_BYTES && bytes.toString("base64") === text;
}

function keyOf(publicKey: Uint8Array): KeyObject {
  if (publicKey.length !== 32) {
    throw new RangeError(`cannot trust a key: it must be 32 bytes long, it has ${publicKey.length}`);
  }
  return createPublicKey({ key: Buffer.concat([KEY_PREFIX, publicKey]), format: "der", type: "spki" });
}
