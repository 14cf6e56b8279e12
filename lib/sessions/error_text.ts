/** What an operator is told of a failure. */
import { bounded } from "./bounded_text.ts";

/** The longest error text that is sent, in bytes. */
export const MAX_ERROR_BYTES = 1024;

/** How far a chain of causes is followed: it may be a ring. */
const MAX_CAUSES = 8;

/**
 * The message of `error` and of its causes on one line, at most {@linkcode MAX_ERROR_BYTES} bytes, never a stack.
 * Takes whatever was thrown and never throws itself.
 */
export function errorText(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    const part = oneLine(messageOf(current));
    // Many messages quote their cause already.
    if (part !== "" && !parts.some((earlier) => earlier.includes(part))) parts.push(part);
    const cause = causeOf(current);
    if (cause === undefined || cause === null) break;
    current = cause;
  }
  const { text, omittedBytes } = bounded(parts.join(": ") || "no reason was given", MAX_ERROR_BYTES);
  return omittedBytes === 0 ? text : `${bounded(text, MAX_ERROR_BYTES - 3).text}…`;
}

function messageOf(error: unknown): string {
  try {
    if (typeof error !== "object" || error === null) return error === undefined ? "" : String(error);
    const { message, name } = error as { message?: unknown; name?: unknown };
    if (typeof message === "string" && message !== "") return message;
    return typeof name === "string" ? name : "an unknown error";
  } catch {
    return "an error that cannot be read"; // a getter that throws
  }
}

function causeOf(error: unknown): unknown {
  try {
    return typeof error === "object" && error !== null ? (error as { cause?: unknown }).cause : undefined;
  } catch {
    return undefined;
  }
}

function oneLine(message: string): string {
  // Cut first: a message of megabytes must not be searched through.
  return message.slice(0, 4 * MAX_ERROR_BYTES).replace(/[\s\p{Cc}]+/gu, " ").trim();
}
