/** Inspect and diagnose sessions: one run, one report. */
import type { SessionStart } from "../protocol/mod.ts";
import type { ToolGate } from "../tools/tool_gate.ts";
import { boundedReply } from "./bounded_text.ts";
import type { DiagnoseRequest, DiagnoseRunner } from "./runners.ts";
import type { SessionFailure, SessionIo, SessionWork } from "./session.ts";

/** What a session of type `inspect` or `diagnose` does, or why it cannot. `maxReplyBytes` bounds the report. */
export function diagnoseSession(
  start: SessionStart,
  runner: DiagnoseRunner,
  maxReplyBytes: number,
  gate?: ToolGate,
): SessionWork | SessionFailure {
  const { session_id: sessionId, user_name: userName, params } = start;
  const inspects = start.session_type === "inspect";
  if (inspects && params.plugin.trim() === "") {
    return {
      code: "missing_plugin",
      message: "cannot inspect: params.plugin is missing; name the plugin to inspect",
    };
  }
  const request: DiagnoseRequest = {
    sessionId,
    userName,
    params,
    mode: inspects ? "inspect" : "alert",
    plugin: params.plugin.trim() || "system",
    target: params.target.trim() || "localhost",
    ...(gate && { gate }),
  };
  return {
    failureCode: "diagnose_failed",
    async run({ stream, signal }: SessionIo): Promise<string> {
      const report: unknown = await runner.run(request, stream, signal);
      if (typeof report !== "string") {
        throw new TypeError(`cannot use the report: the runner returned ${typeof report} instead of text`);
      }
      return boundedReply(report, maxReplyBytes);
    },
  };
}
