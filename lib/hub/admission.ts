/** Who may upgrade: what a request must carry, checked before anything is kept of it. Pure. */
import { createHash, timingSafeEqual } from "node:crypto";
import { PROTOCOL_VERSION } from "../protocol/mod.ts";

/** The path agents dial. */
export const AGENT_PATH = "/api/v1/agent/ws";

/** Refused, with an HTTP status and one line for people; or let in, with its id in lower case. */
export type Admission = { agentId: string } | { status: number; reason: string };

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * Judges a request; `token` undefined lets every agent in. A plain request learns the same status as an upgrade would,
 * because that is how agents find out why they were refused.
 */
export function admit(request: Request, token: string | undefined): Admission {
  if (new URL(request.url).pathname !== AGENT_PATH) return { status: 404, reason: "no such path" };
  if (token !== undefined && !equalSecrets(request.headers.get("x-agent-token") ?? "", token)) {
    return { status: 401, reason: "missing or wrong X-Agent-Token" };
  }
  const agentId = request.headers.get("x-agent-id")?.toLowerCase() ?? "";
  if (!UUID_V4.test(agentId)) return { status: 400, reason: "X-Agent-ID must be a version 4 UUID" };
  if (request.headers.get("x-proto-version") !== String(PROTOCOL_VERSION)) {
    return { status: 400, reason: `X-Proto-Version must be ${PROTOCOL_VERSION}` };
  }
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return { status: 426, reason: "only WebSocket upgrades are served here" };
  }
  return { agentId };
}

/** Takes the same time wherever the two differ, and whatever their lengths. */
function equalSecrets(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
