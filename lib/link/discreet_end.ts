/** What a hub says at the end is shown to whoever asks the agent how it is; some hubs quote what they were sent. */
import type { ConnectionLife } from "./connection_end.ts";

/** A close frame has room for a part of a token only; a shorter start could be any word's. */
const MIN_START_CHARS = 8;

/** The same life, without the token in the reason for its end. */
export function discreetLife(life: ConnectionLife, token: string | undefined): ConnectionLife {
  if (!token || !("reason" in life.end)) return life;
  return { ...life, end: { ...life.end, reason: withoutToken(life.end.reason, token) } };
}

function withoutToken(text: string, token: string): string {
  const spellings = new Set([token, JSON.stringify(token).slice(1, -1), encodeURIComponent(token)]);
  let clean = text;
  for (const spelling of spellings) {
    clean = clean.replaceAll(spelling, "[redacted]");
    const start = startAtEnd(clean, spelling);
    if (start !== undefined) clean = `${clean.slice(0, start)}[redacted]`;
  }
  return clean;
}

/** Where the token begins, if the text breaks off in the middle of it. */
function startAtEnd(text: string, token: string): number | undefined {
  const body = text.endsWith("…") ? text.slice(0, -1) : text;
  for (let at = Math.max(0, body.length - token.length); at <= body.length - MIN_START_CHARS; at++) {
    if (token.startsWith(body.slice(at))) return at;
  }
  return undefined;
}
