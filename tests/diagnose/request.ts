import type { DiagnoseRequest } from "../../lib/sessions/runners.ts";

/** An inspection of the whole host, unless a test says otherwise. */
export function request(options: Partial<DiagnoseRequest> = {}): DiagnoseRequest {
  return {
    sessionId: "s1",
    mode: "inspect",
    plugin: "system",
    target: "localhost",
    userName: "ana",
    params: { plugin: "", target: "", message: "" },
    ...options,
  };
}
