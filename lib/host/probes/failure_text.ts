/** Why a probe failed, in few words. */
import { cleanLine } from "../foreign_text.ts";

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused: nothing listens there",
  ECONNRESET: "the peer reset the connection",
  EPIPE: "the peer closed the connection",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "the network is unreachable",
  ETIMEDOUT: "the connection timed out",
  ENOTFOUND: "the name is not known",
  EAI_AGAIN: "the resolver gave no answer",
  EADDRNOTAVAIL: "no local address reaches it",
  EACCES: "the system does not allow it",
  ENOENT: "there is no such socket",
};

/** One short line, without stack or address. */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  const known = typeof code === "string" ? REASONS[code] : undefined;
  if (known !== undefined) return known;
  if (error instanceof AggregateError && error.errors.length > 0) return failureText(error.errors[0]);
  return cleanLine(error.message, 300);
}
