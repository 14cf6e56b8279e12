/**
 * Secrets that give themselves away by their form, whatever they are called. Each pattern begins where no character of
 * its own kind precedes it, so that a text is walked through once and not once from each of its characters.
 */

/** What stands in a secret's place. */
export const MASK = "***";

const TOKENS: readonly RegExp[] = [
  /(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])/g,
  /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/g,
  /(?<![A-Za-z0-9_])(?:gh[pousr]_|github_pat_|npm_|dop_v1_)[A-Za-z0-9_]{20,}/g,
  /(?<![A-Za-z0-9_-])(?:glpat-|xox[abeprs]-|sk-|rk_live_|sk_live_|AIza|ya29\.|hvs\.|SG\.)[A-Za-z0-9_.-]{16,}/g,
];

/** Masks tokens of well-known issuers and JSON web tokens. */
export function maskTokens(text: string): string {
  return TOKENS.reduce((masked, pattern) => masked.replace(pattern, MASK), text);
}

const BEGIN = /-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----/g;

/** Masks private keys in PEM form; one whose end is missing goes on to the end of the text. */
export function maskPrivateKeys(text: string): string {
  let masked = "";
  let from = 0;
  for (const begin of text.matchAll(BEGIN)) {
    if (begin.index < from) continue; // inside of one that is masked already
    const end = `-----END ${begin[1]}-----`;
    const at = text.indexOf(end, begin.index);
    masked += `${text.slice(from, begin.index)}${begin[0]} ${MASK} ${end}`;
    if (at === -1) return masked;
    from = at + end.length;
  }
  return masked + text.slice(from);
}

/** A scheme, `//`, and what follows up to where no URL goes on. */
const URL_START = /(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,40}:\/\//g;

/** A user name as long as this, without a password, is a token. */
const MIN_TOKEN_CHARS = 20;

/** Masks the password in `scheme://user:password@host`, and a token that stands in the user's place. */
export function maskUrlUsers(text: string): string {
  let masked = "";
  let from = 0;
  for (const { 0: scheme, index } of text.matchAll(URL_START)) {
    const start = index + scheme.length;
    if (start < from) continue;
    const end = endOfUrl(text, start);
    const at = endOfUser(text.slice(start, end));
    if (at === -1) continue;
    const user = text.slice(start, start + at);
    const colon = user.indexOf(":");
    if (colon === -1 && user.length < MIN_TOKEN_CHARS) continue;
    masked += text.slice(from, start) + (colon === -1 ? MASK : `${user.slice(0, colon)}:${MASK}`);
    from = start + at;
  }
  return masked + text.slice(from);
}

/** Where the characters of a URL end; a long one is looked at in part, for its user stands at its start. */
function endOfUrl(text: string, start: number): number {
  const stop = Math.min(text.length, start + 512);
  for (let index = start; index < stop; index++) {
    const char = text.charCodeAt(index);
    if (char <= 0x20 || char === 0x22 || char === 0x27 || char === 0x3c || char === 0x3e) return index;
  }
  return stop;
}

/** Where the `@` after the user stands, or -1. */
function endOfUser(url: string): number {
  const authorityEnd = url.search(/[/?#]/);
  const authority = authorityEnd === -1 ? url : url.slice(0, authorityEnd);
  const at = authority.lastIndexOf("@");
  if (at !== -1) return at;
  // A password with a slash that nobody escaped: what follows the colon is no port then.
  const colon = authority.startsWith("[") ? -1 : authority.indexOf(":");
  if (colon === -1 || /^\d{0,5}$/.test(authority.slice(colon + 1))) return -1;
  return url.lastIndexOf("@");
}
