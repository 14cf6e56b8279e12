/** What a hub says: one payload schema for each message type. */
import * as z from "zod/mini";
import { once } from "../once.ts";
import { flag, number, optionalText, orElse, text, texts } from "./payload_fields.ts";
import { messageAuth } from "./signed_message.ts";

/**
 * `ack` of `register` (with `warning` and, from a hub that knows the extensions, `capabilities`), and under the
 * extensions of `alert_events` and `heartbeat`.
 */
export const hubAck = once(() =>
  z.object({
    ok: flag(),
    error: optionalText(),
    warning: optionalText(),
    capabilities: texts(),
  })
);

/** `ping`: being read is its whole purpose. */
export const ping = once(() => z.object({}));

/** `disconnect`: `retry_after_sec` is the wait before the next try; 0 when the hub does not care. */
export const disconnect = once(() => z.object({ reason: text(), retry_after_sec: number() }));

/** What a session is told besides its type. Unknown keys are kept: runners may know them. */
export const sessionParams = once(() => z.looseObject({ plugin: text(), target: text(), message: text() }));

/** `session_start`: `session_type` is any string here; the dispatcher answers unknown ones. */
export const sessionStart = once(() =>
  z.object({
    session_id: text(),
    session_type: text(),
    user_name: text(),
    params: orElse(sessionParams(), () => ({ plugin: "", target: "", message: "" })),
    auth: messageAuth(),
  })
);

/** `session_input`: the next turn of a chat. */
export const sessionInput = once(() =>
  z.object({ session_id: text(), message: text(), auth: messageAuth() })
);

/** `session_cancel`. */
export const sessionCancel = once(() =>
  z.object({ session_id: text(), reason: text(), auth: messageAuth() })
);

/** Every message type a hub may send, with what makes its payload's schema. */
export const payloadsToAgent = {
  ack: hubAck,
  ping,
  disconnect,
  session_start: sessionStart,
  session_input: sessionInput,
  session_cancel: sessionCancel,
} as const;

/** See {@linkcode hubAck}. */
export type HubAck = z.output<ReturnType<typeof hubAck>>;
/** What a session is told besides its type. */
export interface SessionParams {
  /** What to look at; empty when nothing was named. */
  plugin: string;
  /** Where; empty when nothing was named. */
  target: string;
  /** A chat's first turn; empty when there is none. */
  message: string;
  /** Whatever else the operator sent. */
  [name: string]: unknown;
}
/** See {@linkcode sessionStart}. */
export type SessionStart = z.output<ReturnType<typeof sessionStart>>;
