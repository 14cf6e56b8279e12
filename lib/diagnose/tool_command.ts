/** A tool and its arguments, as one types them: `log_grep file=/var/log/syslog pattern="out of memory"`. */

/** What was typed. */
export interface ToolCommand {
  readonly name: string;
  readonly args: Readonly<Record<string, string>>;
}

/** Longer lines are no commands. */
const MAX_CHARS = 8192;
const NAME = /^[a-z]\w*$/i;

/**
 * Reads a line. Arguments are `key=value`; a value with blanks stands in double or single quotes, in double quotes `\`
 * takes the next character as it is.
 *
 * @returns undefined where it does not look like a command: nothing but a name and arguments.
 * @throws Error for a command that is not whole: an open quote, an argument twice.
 */
export function parseToolCommand(line: string): ToolCommand | undefined {
  const typed = line.trim();
  if (typed.length > MAX_CHARS) return undefined;
  const [first = ""] = typed.split(/\s/, 1);
  const rest = typed.slice(first.length).trim();
  if (!NAME.test(first) || (rest !== "" && !/^\w+=/.test(rest))) return undefined;
  const args = new Map<string, string>();
  for (let at = 0; at < rest.length;) {
    const key = /^\s*(\w+)=/.exec(rest.slice(at));
    if (key?.[1] === undefined) {
      throw new Error(
        `cannot read the arguments of ${first}: each has to be key=value; put quotes around blanks`,
      );
    }
    const value = readValue(rest, at + key[0].length);
    if (value === undefined) {
      throw new Error(`cannot read the arguments of ${first}: a quote is not closed; close it`);
    }
    if (args.has(key[1])) {
      throw new Error(`cannot read the arguments of ${first}: ${key[1]} is there twice; keep one of them`);
    }
    args.set(key[1], value.text);
    at = value.end;
  }
  return { name: first.toLowerCase(), args: Object.fromEntries(args) };
}

/** The value that begins at `start`, and where it ends; undefined where a quote stays open. */
function readValue(line: string, start: number): { text: string; end: number } | undefined {
  let text = "";
  let quote: string | undefined;
  let at = start;
  for (; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote === undefined && /\s/.test(character)) break;
    if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
    else if (quote === '"' && character === "\\" && at + 1 < line.length) text += line.charAt(++at);
    else text += character;
  }
  return quote === undefined ? { text, end: at } : undefined;
}
