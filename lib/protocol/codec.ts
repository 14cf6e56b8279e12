/**
 * The envelope, and the way from text to message and back. Pure; may be used by any number of callers at once.
 */
import * as z from "zod/mini";
import { once } from "../once.ts";
import { optionalText, text } from "./payload_fields.ts";
import { payloadsToAgent } from "./messages_to_agent.ts";
import { payloadsToHub } from "./messages_to_hub.ts";

/** The version that the `X-Proto-Version` header carries. */
export const PROTOCOL_VERSION = 1;

/** The longest inbound message, in bytes; a longer one ends the connection. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Close codes of our own; the native client may not send the registered ones. */
export const CloseCode = { normal: 1000, messageTooBig: 4009 } as const;

/** The extensions that need nothing but two ends that know them. */
export const PLAIN_CAPABILITIES = ["alert_ack", "heartbeat_ack", "session_input_ack"] as const;

/** The extensions that both sides may agree on in `register` and its ack; `signed_sessions` needs keys. */
export const CAPABILITIES = [...PLAIN_CAPABILITIES, "signed_sessions"] as const;

/** See {@linkcode CAPABILITIES}. */
export type Capability = typeof CAPABILITIES[number];

const envelope = once(() =>
  z.object({
    type: z.string(),
    id: text(),
    ref_id: optionalText(),
    payload: z.pipe(z.optional(z.unknown()), z.transform((value) => value ?? {})),
  })
);

type Payloads = Readonly<Record<string, () => z.ZodMiniType>>;

/** One message of the vocabulary `Vocabulary`, discriminated on `type`. */
export type Message<Vocabulary extends Payloads> = {
  [Type in keyof Vocabulary & string]: {
    type: Type;
    id: string;
    ref_id?: string | undefined;
    payload: z.output<ReturnType<Vocabulary[Type]>>;
  };
}[keyof Vocabulary & string];

/** What a hub says. */
export type MessageToAgent = Message<typeof payloadsToAgent>;

/** What an agent says. */
export type MessageToHub = Message<typeof payloadsToHub>;

/** What was wrong with a foreign message. `type` and `id` are there as far as they could be read. */
export interface DecodeProblem {
  ok: false;
  problem: "not_json" | "bad_envelope" | "unknown_type" | "bad_payload";
  /** For people: names the field; quotes nothing of the message's values. */
  reason: string;
  type?: string;
  id?: string;
}

/** A message that could be read. */
export interface ReadMessage<M> {
  ok: true;
  message: M;
  /** Its payload as it was sent, before zeros were filled in: signatures are made over that. */
  sent: unknown;
}

/** What {@linkcode decodeToAgent} and {@linkcode decodeToHub} return. */
export type Decoded<M> = ReadMessage<M> | DecodeProblem;

/** Reads a message from a hub. Never throws, whatever it is given. */
export function decodeToAgent(frame: string): Decoded<MessageToAgent> {
  return decode(frame, payloadsToAgent) as Decoded<MessageToAgent>;
}

/** Reads a message from an agent. Never throws, whatever it is given. */
export function decodeToHub(frame: string): Decoded<MessageToHub> {
  return decode(frame, payloadsToHub) as Decoded<MessageToHub>;
}

/** Writes a message as one JSON text frame. */
export function encode(message: MessageToAgent | MessageToHub): string {
  return JSON.stringify(message);
}

function decode(frame: string, vocabulary: Payloads): Decoded<unknown> {
  let json: unknown;
  try {
    json = JSON.parse(frame);
  } catch {
    return { ok: false, problem: "not_json", reason: "not valid JSON" };
  }
  const outer = envelope().safeParse(json);
  if (!outer.success) return { ok: false, problem: "bad_envelope", reason: describe(outer.error) };
  const { type, id } = outer.data;
  const schema = Object.hasOwn(vocabulary, type) ? vocabulary[type] : undefined;
  if (schema === undefined) {
    return { ok: false, problem: "unknown_type", reason: "unknown message type", type, id };
  }
  const inner = schema().safeParse(outer.data.payload);
  if (!inner.success) {
    return { ok: false, problem: "bad_payload", reason: describe(inner.error), type, id };
  }
  // An empty ref_id is a zero value: it names nothing.
  const message = { type, id, ref_id: outer.data.ref_id || undefined, payload: inner.data };
  return { ok: true, message, sent: outer.data.payload };
}

function describe(error: z.core.$ZodError): string {
  return error.issues.slice(0, 3)
    .map((issue) => `${issue.path.map(String).join(".") || "message"}: ${issue.message}`)
    .join("; ");
}
