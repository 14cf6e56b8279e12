/** What a message for a session carries under `signed_sessions`, and the text that its signature is made over. */
import * as z from "zod/mini";
import { once } from "../once.ts";
import { canonicalJson } from "./canonical_json.ts";
import { number, optionalNumber, text } from "./payload_fields.ts";

/** Who answers for a message, and since when. */
export interface MessageAuth {
  /** Names the key: the first 16 hexadecimal digits of the SHA-256 of the public key. */
  key_id: string;
  /** When it was signed, in whole seconds since 1970. */
  time: number;
  /** Used once with this key. */
  nonce: string;
  /** Ed25519, 64 bytes in Base64. */
  signature: string;
  /** Of `session_input` and `session_cancel` only: higher than that of the message before in the same session. */
  sequence?: number | undefined;
}

const NOBODY: MessageAuth = { key_id: "", time: 0, nonce: "", signature: "" };

/**
 * The schema of {@linkcode MessageAuth} where a message may lack it. What is none reads as one that nothing accepts,
 * instead of making the message unreadable: a server may mean something else by the name.
 */
export const messageAuth = once(() =>
  z.optional(z.pipe(
    z.catch(
      z.nullish(z.object({
        key_id: text(),
        time: number(),
        nonce: text(),
        signature: text(),
        sequence: optionalNumber(),
      })),
      NOBODY,
    ),
    z.transform((value): MessageAuth | undefined => value ?? undefined),
  ))
);

/** The part of a message that a signature vouches for. */
export type SignedMessage =
  | {
    readonly type: "session_start";
    readonly session_id: string;
    readonly session_type: string;
    readonly user_name: string;
    /** As they were sent, before zeros were filled in; absent and null are `{}`. */
    readonly params: unknown;
  }
  | { readonly type: "session_input"; readonly session_id: string; readonly message: string }
  | { readonly type: "session_cancel"; readonly session_id: string; readonly reason: string };

/** The version of the texts below, their first element. */
const VERSION = 1;

/**
 * The text to sign. No two messages share one, whatever they say: the kinds differ in what their sixth element is.
 *
 * @param agentId for whom it is meant; letters are taken as lower case.
 * @throws TypeError or RangeError where {@linkcode canonicalJson} does.
 */
export function signedText(
  agentId: string,
  message: SignedMessage,
  { time, nonce, sequence }: Pick<MessageAuth, "time" | "nonce" | "sequence">,
): string {
  const head = [VERSION, agentId.toLowerCase(), message.session_id];
  switch (message.type) {
    case "session_start":
      return canonicalJson([
        ...head,
        message.session_type,
        message.user_name,
        message.params ?? {},
        time,
        nonce,
      ]);
    case "session_input":
      return canonicalJson([...head, message.type, message.message, time, nonce, sequence]);
    case "session_cancel":
      return canonicalJson([...head, message.type, message.reason, time, nonce, sequence]);
  }
}
