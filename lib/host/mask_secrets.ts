/** Keeping secrets out of what people and models get to see. */
import { maskOptionValues, maskProgramOptions } from "./secret_arguments.ts";
import { isSecretName } from "./secret_names.ts";
import { MASK, maskPrivateKeys, maskTokens, maskUrlUsers } from "./secret_shapes.ts";

export { isSecretName } from "./secret_names.ts";

/** In a text that masks nothing there is none of these; most texts need no closer look then. */
const PROGRAM =
  /(?:mysql|mariadb|redis-cli|sshpass|curl|mongo|ldap|docker|podman|smbclient|snmp|sqlcmd|rabbitmqadmin|openconnect|xfreerdp)/;

/**
 * Masks what looks like a secret in any text: values whose name tells (`--password=x`, `TOKEN: x`, `"apiKey": "x"`),
 * credentials in URLs and headers, options of well-known programs, tokens and keys known by their form. Takes time in
 * proportion to the text, whatever stands in it; masking twice changes nothing. What is masked reads `***`.
 */
export function maskSecrets(text: string): string {
  const shaped = maskTokens(maskUrlUsers(maskPrivateKeys(text)));
  return maskNamed(PROGRAM.test(shaped) ? maskCommandsInText(shaped) : shaped);
}

/**
 * A process's arguments as one line, masked. Give it the arguments one by one where they are known: a secret with a
 * blank in it is hidden whole.
 */
export function maskArguments(args: readonly string[]): string {
  return maskSecrets(maskOptionValues(args).join(" "));
}

/** The value of a variable or setting: all of it where the name tells, else what in it looks like a secret. */
export function maskValue(name: string, value: string): string {
  return value !== "" && isSecretName(name) ? MASK : maskSecrets(value);
}

function maskCommandsInText(text: string): string {
  return text.split("\n").map((line) => {
    if (!PROGRAM.test(line)) return line;
    // Blanks stay as they are: words are at even places, what separates them at odd ones.
    const pieces = line.split(/([ \t]+)/);
    const words = maskProgramOptions(pieces.filter((_, index) => index % 2 === 0));
    return pieces.map((piece, index) => index % 2 === 0 ? words[index / 2] ?? "" : piece).join("");
  }).join("\n");
}

/** A name, and what may stand between it and its value. Names are taken whole: a run is never entered again. */
const NAME = /[A-Za-z0-9_.-]+/g;

/** Schemes whose one word of credentials follows them. */
const SCHEMES = new Set(["bearer"]);

/** Settings that are written without any sign before the value. */
const SPACED_NAMES = new Set(["requirepass", "masterauth"]);

/** What makes the word `key` after it the name of a secret. */
const KEY_KINDS = /(?:api|access|secret|private|encryption|signing|license|master)[ \t]$/i;

/** Headers whose value goes on to the end of the line. */
const LONG_VALUES = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);

function maskNamed(text: string): string {
  let masked = "";
  let from = 0;
  for (const { 0: name, index } of text.matchAll(NAME)) {
    if (index < from) continue; // inside of a value that is masked already
    const value = valueAfter(text, name, index);
    if (value === undefined || value.end <= value.start) continue;
    masked += text.slice(from, value.start) + MASK;
    from = value.end;
  }
  return masked + text.slice(from);
}

interface Span {
  start: number;
  end: number;
}

/** Where the secret stands that belongs to the name at `index`. */
function valueAfter(text: string, name: string, index: number): Span | undefined {
  const lower = name.length <= 64 ? name.toLowerCase() : "";
  const nameEnd = index + name.length;
  const spacedStart = skipBlanks(text, nameEnd);
  if (spacedStart > nameEnd && (SCHEMES.has(lower) || SPACED_NAMES.has(lower))) {
    // "bearer of news" is none: credentials are longer, or have digits in them.
    const end = endOfWord(text, spacedStart);
    const word = text.slice(spacedStart, end);
    const isPlain = lower === "bearer" && word.length < 16 && !/\d/.test(word);
    return isPlain ? undefined : { start: spacedStart, end };
  }
  const isKeyWord = (lower === "key" || lower === "keys") &&
    !KEY_KINDS.test(text.slice(Math.max(0, index - 12), index));
  if (lower !== "key" && lower !== "keys" && !isSecretName(name)) return undefined;
  if (text[index - 1] === "<" && text[nameEnd] === ">") {
    return { start: nameEnd + 1, end: endBefore(text, nameEnd + 1, "<\n") };
  }
  // Of `"name": "value"`, of `\"name\": \"value\"`, and of `user[name]=value`.
  let at = nameEnd;
  if (text[at] === "]") at++;
  if (text[at] === "\\") at++;
  if (text[at] === '"' || text[at] === "'") at++;
  const sign = skipBlanks(text, at);
  if (text[sign] === "=" || text[sign] === ":") {
    if (isKeyWord) return randomWord(text, skipBlanks(text, sign + 1));
    let start = sign + 1;
    if (text[sign] === ":" && (text[start] === "=" || text[start] === ":")) start++;
    else if (text[sign] === "=" && text[start] === ">") start++;
    return assigned(text, skipBlanks(text, start), lower);
  }
  if (sign === nameEnd) return undefined;
  const isOption = name.startsWith("-") && /^--?[A-Za-z]/.test(name);
  if (isOption && text[sign] !== "-") return quotedOrWord(text, sign);
  return randomWord(text, sign);
}

function assigned(text: string, start: number, name: string): Span | undefined {
  if (LONG_VALUES.has(name)) {
    const quote = text[start] === '"' || text[start] === "'" ? 1 : 0;
    return { start: start + quote, end: endBefore(text, start + quote, "\"'\n\r") };
  }
  if (text[start] === "{") return undefined; // its own names tell
  if (text[start] === "[") return { start: start + 1, end: endBefore(text, start + 1, "]\n") };
  return quotedOrWord(text, start);
}

function quotedOrWord(text: string, start: number): Span {
  const escaped = text[start] === "\\" ? 1 : 0;
  const quote = text[start + escaped];
  if (quote !== '"' && quote !== "'") return { start, end: endOfWord(text, start) };
  const inner = start + escaped + 1;
  for (let at = inner; at < text.length && text[at] !== "\n"; at++) {
    if (text[at] === "\\" && !escaped) at++;
    else if (text[at] === quote) {
      const end = escaped && text[at - 1] === "\\" ? at - 1 : at;
      return { start: inner, end };
    }
  }
  return { start: inner, end: endBefore(text, inner, "\n") };
}

/** How far a word is looked at that may turn out to be none: names that end in nothing would be read over and over. */
const MAX_RANDOM_CHARS = 128;

/** A word that nobody would write by hand: long, of digits and letters. */
function randomWord(text: string, start: number): Span | undefined {
  const quote = text[start] === '"' || text[start] === "'" ? 1 : 0;
  const end = endOfWord(text, start + quote, MAX_RANDOM_CHARS);
  const word = text.slice(start + quote, end);
  const looksRandom = word.length >= 20 && /^[A-Za-z0-9+/=_-]+$/.test(word) && /\d/.test(word) &&
    /[A-Za-z]/.test(word);
  return looksRandom ? { start: start + quote, end: endOfWord(text, end - 1) } : undefined;
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  // More than a table's column apart, they do not belong together.
  while (at < start + 64 && (text[at] === " " || text[at] === "\t")) at++;
  return at;
}

/** A word ends at white space; quotes and brackets that close something around it are not its own. */
function endOfWord(text: string, start: number, maxChars = Infinity): number {
  const end = endBefore(text, start, " \t\n\r\0", maxChars);
  let last = end;
  while (last > start + 1 && "\"')}]>,;".includes(text[last - 1] ?? "")) last--;
  return last;
}

function endBefore(text: string, start: number, stops: string, maxChars = Infinity): number {
  const limit = Math.min(text.length, start + maxChars);
  let at = start;
  while (at < limit && !stops.includes(text[at] ?? "")) at++;
  return at;
}
