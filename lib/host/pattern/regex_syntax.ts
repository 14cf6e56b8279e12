/** Regular expressions as a tree: the part of the usual syntax that can be matched in time linear in the text. */

/** A set of UTF-16 units. */
export type UnitTest = (unit: number) => boolean;

/** A parsed expression. */
export type RegexNode =
  | { readonly kind: "empty" }
  | { readonly kind: "unit"; readonly test: UnitTest }
  | { readonly kind: "sequence"; readonly parts: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly parts: readonly RegexNode[] }
  | { readonly kind: "repeat"; readonly part: RegexNode; readonly min: number; readonly max: number }
  | { readonly kind: "assert"; readonly what: "start" | "end" | "boundary" | "inside" };

/** Whether a unit is of a word, as `\w` has it. */
export function isWordUnit(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || unit === 95 ||
    (unit >= 97 && unit <= 122);
}

const isDigit: UnitTest = (unit) => unit >= 48 && unit <= 57;
const isSpace: UnitTest = (unit) => /\s/.test(String.fromCharCode(unit));
const isLineEnd: UnitTest = (unit) => unit === 10 || unit === 13 || unit === 0x2028 || unit === 0x2029;
const not = (test: UnitTest): UnitTest => (unit) => !test(unit);

const CLASSES: Readonly<Record<string, UnitTest>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWordUnit,
  W: not(isWordUnit),
  s: isSpace,
  S: not(isSpace),
};

const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 };

const MAX_REPEAT = 1000;
const MAX_DEPTH = 50;

/** Letters of either case count as one another, but for those of other scripts that would become ASCII. */
function folded(test: UnitTest): UnitTest {
  return (code) => {
    if (test(code)) return true;
    const char = String.fromCharCode(code);
    return [char.toLowerCase(), char.toUpperCase()].some((other) => {
      const otherCode = other.charCodeAt(0);
      return other.length === 1 && otherCode >= 128 === code >= 128 && test(otherCode);
    });
  };
}

/**
 * Parses an expression; `ignoreCase` as the flag `i` has it.
 * @throws SyntaxError for what is no expression, and for what cannot be matched in linear time (look-around,
 *   back-references); both say which part it is.
 */
export function parseRegex(source: string, ignoreCase = false): RegexNode {
  return new Parser(source, ignoreCase).parse();
}

class Parser {
  #at = 0;
  #depth = 0;
  readonly #source: string;
  readonly #fold: (test: UnitTest) => UnitTest;

  constructor(source: string, ignoreCase: boolean) {
    this.#source = source;
    this.#fold = ignoreCase ? folded : (test) => test;
  }

  parse(): RegexNode {
    const node = this.#choice();
    if (this.#at < this.#source.length) this.#fail("a `)` without its `(`");
    return node;
  }

  #choice(): RegexNode {
    if (++this.#depth > MAX_DEPTH) this.#fail(`groups more than ${MAX_DEPTH} deep`);
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    this.#depth--;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: "choice", parts };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    while (this.#at < this.#source.length && this.#peek() !== "|" && this.#peek() !== ")") {
      parts.push(this.#repeated());
    }
    const [only] = parts;
    if (only === undefined) return { kind: "empty" };
    return parts.length === 1 ? only : { kind: "sequence", parts };
  }

  #repeated(): RegexNode {
    const isGroup = this.#peek() === "(";
    const part = this.#atom();
    const bounds = this.#quantifier();
    if (bounds === undefined) return part;
    if (part.kind === "assert" && !isGroup) this.#fail("a repeated assertion");
    this.#take("?"); // lazy or not: whether there is a match is the same
    if (/[*+?]/.test(this.#peek())) this.#fail("nothing to repeat");
    return { kind: "repeat", part, ...bounds };
  }

  #quantifier(): { min: number; max: number } | undefined {
    if (this.#take("*")) return { min: 0, max: Infinity };
    if (this.#take("+")) return { min: 1, max: Infinity };
    if (this.#take("?")) return { min: 0, max: 1 };
    const [whole, low = "", comma, high] = /^\{(\d{1,9})(,(\d{0,9}))?\}/.exec(this.#rest()) ?? [];
    if (whole === undefined) return undefined;
    const min = Number(low);
    const max = comma === undefined ? min : high === "" || high === undefined ? Infinity : Number(high);
    if (max < min) this.#fail("a repetition whose bounds are in the wrong order");
    if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity)) {
      this.#fail(`more than ${MAX_REPEAT} repetitions`);
    }
    this.#at += whole.length;
    return { min, max };
  }

  #atom(): RegexNode {
    const char = this.#next();
    switch (char) {
      case ".":
        return unit(not(isLineEnd));
      case "^":
        return { kind: "assert", what: "start" };
      case "$":
        return { kind: "assert", what: "end" };
      case "(":
        return this.#group();
      case "[":
        return unit(this.#class());
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
        return this.#fail("nothing to repeat");
      default:
        return unit(this.#fold(single(char.charCodeAt(0))));
    }
  }

  #group(): RegexNode {
    if (/^\?(?:[=!]|<[=!])/.test(this.#rest())) this.#fail("look-around, which this cannot do");
    const named = /^\?(?::|<[A-Za-z_$][\w$]*>)/.exec(this.#rest());
    if (named) this.#at += named[0].length;
    else if (this.#peek() === "?") this.#fail("an unknown kind of group");
    const node = this.#choice();
    if (!this.#take(")")) this.#fail("a `(` without its `)`");
    return node;
  }

  #escape(): RegexNode {
    if (this.#take("b")) return { kind: "assert", what: "boundary" };
    if (this.#take("B")) return { kind: "assert", what: "inside" };
    if (/^[1-9k]/.test(this.#peek())) this.#fail("a back-reference, which this cannot do");
    const start = this.#at;
    const test = this.#escaped();
    return unit(/^[dDwWsS]/.test(this.#source.slice(start)) ? test : this.#fold(test));
  }

  /** What follows a backslash, inside a class and out. */
  #escaped(): UnitTest {
    const char = this.#next();
    const known = Object.hasOwn(CLASSES, char) ? CLASSES[char] : undefined;
    if (known !== undefined) return known;
    const [code] = /^(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})/.exec(char + this.#rest()) ?? [];
    if (code !== undefined) {
      this.#at += code.length - 1;
      return single(parseInt(code.slice(1), 16));
    }
    const control = Object.hasOwn(CONTROLS, char) ? CONTROLS[char] : undefined;
    if (control !== undefined) return single(control);
    if (/[A-Za-z0-9]/.test(char)) this.#fail(`\\${char}, which this does not know`);
    return single(char.charCodeAt(0));
  }

  #class(): UnitTest {
    const negated = this.#take("^");
    const tests: UnitTest[] = [];
    while (this.#peek() !== "]") {
      const low = this.#member();
      if (this.#peek() === "-" && this.#at + 1 < this.#source.length && this.#source[this.#at + 1] !== "]") {
        this.#at++;
        tests.push(this.#range(low, this.#member()));
      } else tests.push(low.test);
    }
    this.#at++;
    const any = this.#fold((code) => tests.some((test) => test(code)));
    return negated ? not(any) : any;
  }

  #range(low: ClassMember, high: ClassMember): UnitTest {
    if (low.code === undefined || high.code === undefined) {
      return this.#fail("a range from or to a whole class");
    }
    const [from, to] = [low.code, high.code];
    if (from > to) this.#fail("a range whose ends are in the wrong order");
    return (code) => code >= from && code <= to;
  }

  #member(): ClassMember {
    if (this.#at >= this.#source.length) this.#fail("a `[` without its `]`");
    const start = this.#at;
    const char = this.#next();
    if (char !== "\\") return { test: single(char.charCodeAt(0)), code: char.charCodeAt(0) };
    if (this.#take("b")) return { test: single(8), code: 8 };
    const test = this.#escaped();
    if (/^\\[dDwWsS]$/.test(this.#source.slice(start, this.#at))) return { test, code: undefined };
    return { test, code: codeOf(test) };
  }

  #rest(): string {
    return this.#source.slice(this.#at);
  }

  #peek(): string {
    return this.#source[this.#at] ?? "";
  }

  #next(): string {
    const char = this.#source[this.#at];
    if (char === undefined) return this.#fail("a `\\` at the end");
    this.#at++;
    return char;
  }

  #take(char: string): boolean {
    if (this.#source[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #fail(what: string): never {
    throw new SyntaxError(`cannot use /${this.#source}/: it has ${what} (at ${this.#at})`);
  }
}

interface ClassMember {
  readonly test: UnitTest;
  /** Missing for a class of several. */
  readonly code: number | undefined;
}

const codes = new WeakMap<UnitTest, number>();

function single(code: number): UnitTest {
  const test: UnitTest = (other) => other === code;
  codes.set(test, code);
  return test;
}

function codeOf(test: UnitTest): number | undefined {
  return codes.get(test);
}

function unit(test: UnitTest): RegexNode {
  return { kind: "unit", test };
}
