/** What an agent says: one payload schema for each message type. */
import * as z from "zod/mini";
import { once } from "../once.ts";
import { alertEventSchema } from "./alert_event.ts";
import {
  flag,
  maybe,
  number,
  optionalNumber,
  optionalText,
  orElse,
  text,
  textMap,
  texts,
} from "./payload_fields.ts";

/** The most events that one `alert_events` message carries. */
export const MAX_EVENTS_PER_MESSAGE = 100;

/** What a piece of session output is; empty in a final output that only ends the session. */
export const stage = once(() => z.enum(["thinking", "tool_call", "tool_result", "answer", "error", ""]));

/** Why a session failed, for programs. */
export const sessionErrorCode = once(() =>
  z.enum([
    "invalid_type",
    "engine_unavailable",
    "missing_plugin",
    "diagnose_failed",
    "chat_init_failed",
  ])
);

/** `register`: the first message on a connection. `uptime_sec` is the agent's, in whole seconds. */
export const register = once(() =>
  z.object({
    hostname: text(),
    ip: text(),
    os: text(),
    arch: text(),
    labels: textMap(),
    plugins: texts(),
    agent_version: text(),
    uptime_sec: number(),
    capabilities: texts(),
  })
);

/** What became of the events for the hub, over restarts: accepted = acked + waiting + all that was dropped. */
export const queueFigures = once(() =>
  z.object({
    accepted: number(),
    acked: number(),
    waiting: number(),
    dropped: z.object({ superseded: number(), overflow: number(), expired: number(), rejected: number() }),
    degraded: optionalText(),
  })
);

/** `heartbeat`: `cpu_pct` and `mem_pct` are missing where the host does not let them be read. */
export const heartbeat = once(() =>
  z.object({
    active_sessions: number(),
    active_alerts: number(),
    cpu_pct: optionalNumber(),
    mem_pct: optionalNumber(),
    queue: maybe(queueFigures()),
  })
);

/** `alert_events`. */
export const alertEvents = once(() =>
  z.object({ events: z.array(alertEventSchema()).check(z.maxLength(MAX_EVENTS_PER_MESSAGE)) })
);

/** `ack` of a `session_start`, and of a `session_input` under `session_input_ack`. */
export const agentAck = once(() => z.object({ ok: flag(), error: optionalText() }));

/** `session_output`: streamed with `done: false`, and once with `done: true`. */
export const sessionOutput = once(() =>
  z.object({
    session_id: text(),
    delta: text(),
    stage: orElse(stage(), () => "" as const),
    done: flag(),
    report: optionalText(),
    metadata: maybe(z.record(z.string(), z.unknown())),
  })
);

/** `session_error`: comes before the final output of a session that failed. */
export const sessionError = once(() =>
  z.object({ session_id: text(), error: text(), code: sessionErrorCode() })
);

/** Every message type an agent may send, with what makes its payload's schema. */
export const payloadsToHub = {
  register,
  heartbeat,
  alert_events: alertEvents,
  ack: agentAck,
  session_output: sessionOutput,
  session_error: sessionError,
} as const;

/** See {@linkcode stage}. */
export type Stage = "thinking" | "tool_call" | "tool_result" | "answer" | "error" | "";
/** See {@linkcode sessionErrorCode}. */
export type SessionErrorCode = z.output<ReturnType<typeof sessionErrorCode>>;
/** See {@linkcode register}. */
export type Register = z.output<ReturnType<typeof register>>;
/** How the agent is. A figure that is not known is missing. */
export interface Heartbeat {
  /** Sessions that hold a slot. */
  active_sessions: number;
  /** Problems that were reported and are not over. */
  active_alerts: number;
  /** Processor usage since the heartbeat before, in percent. */
  cpu_pct?: number | undefined;
  /** Memory that programs can no longer get, in percent. */
  mem_pct?: number | undefined;
  /** The queue of events for the hub. Servers that do not know this field ignore it. */
  queue?: HeartbeatQueue | undefined;
}

/** What became of the events for the hub, over restarts: accepted = acked + waiting + all that was dropped. */
export interface HeartbeatQueue {
  /** Taken into the queue. */
  accepted: number;
  /** Known to have arrived. */
  acked: number;
  /** Neither arrived nor given up. */
  waiting: number;
  /** Given up, by reason. */
  dropped: { superseded: number; overflow: number; expired: number; rejected: number };
  /** Why events would not survive a crash at the moment; missing while they would. */
  degraded?: string | undefined;
}
/** See {@linkcode sessionOutput}. */
export type SessionOutput = z.output<ReturnType<typeof sessionOutput>>;
/** See {@linkcode sessionError}. */
export type SessionError = z.output<ReturnType<typeof sessionError>>;
