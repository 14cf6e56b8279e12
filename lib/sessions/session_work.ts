/** What a session does, by its type. */
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import type { SessionStart } from "../protocol/mod.ts";
import type { ToolGate } from "../tools/tool_gate.ts";
import { ChatSession } from "./chat_session.ts";
import { diagnoseSession } from "./diagnose_session.ts";
import { errorText } from "./error_text.ts";
import type { ChatRunner, DiagnoseRunner } from "./runners.ts";
import type { SessionFailure, SessionWork } from "./session.ts";

/** What does the work, and within which bounds. */
export interface SessionWorkSettings {
  readonly diagnoseRunner: DiagnoseRunner | undefined;
  readonly chatRunner: ChatRunner | undefined;
  readonly clock: Clock;
  readonly chatIdleMs: number;
  readonly maxReplyBytes: number;
  readonly logger: Logger;
}

/** The work of one session, or why there is none. */
export function workFor(
  start: SessionStart,
  { diagnoseRunner, chatRunner, clock, chatIdleMs: idleMs, maxReplyBytes, logger }: SessionWorkSettings,
  gate: ToolGate,
): SessionWork | SessionFailure {
  const type = start.session_type;
  if (type === "chat" && chatRunner !== undefined) {
    return new ChatSession(start, { runner: chatRunner, clock, logger, idleMs, maxReplyBytes, gate });
  }
  if ((type === "inspect" || type === "diagnose") && diagnoseRunner !== undefined) {
    return diagnoseSession(start, diagnoseRunner, maxReplyBytes, gate);
  }
  return {
    code: "invalid_type",
    message: errorText(`cannot start a session of the unknown type "${type}"`),
  };
}
