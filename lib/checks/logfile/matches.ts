/** The lines of one log that are worth telling, with what stood around them. */
import type { LinePattern } from "../../host/pattern/line_pattern.ts";

/** Options of {@linkcode Matches}. */
export interface MatchesOptions {
  /** One of these has to match; with none, every line does. */
  include: readonly LinePattern[];
  /** None of these may. */
  exclude: readonly LinePattern[];
  /** How many lines before and after a match are kept with it. */
  contextLines: number;
  /** How many matches are kept; the others are only counted. */
  maxMatches: number;
}

/** One line, and whether it matched or merely stood nearby. */
export interface KeptLine {
  readonly text: string;
  readonly matched: boolean;
}

/** Takes lines in order. */
export class Matches {
  /** How many lines matched. */
  count = 0;
  /** The first matches, in order, with their surroundings. */
  readonly kept: KeptLine[] = [];
  /** The last match. */
  last = "";
  readonly #options: MatchesOptions;
  readonly #before: string[] = [];
  #after = 0;

  constructor(options: MatchesOptions) {
    this.#options = options;
  }

  /** Takes the next line. */
  take(line: string): void {
    const { contextLines, maxMatches } = this.#options;
    if (this.#isMatch(line)) {
      this.count++;
      this.last = line;
      if (this.count > maxMatches) return;
      for (const text of this.#before.splice(0)) this.kept.push({ text, matched: false });
      this.kept.push({ text: line, matched: true });
      this.#after = contextLines;
    } else if (this.#after > 0) {
      this.#after--;
      this.kept.push({ text: line, matched: false });
    } else if (contextLines > 0) {
      this.#before.push(line);
      if (this.#before.length > contextLines) this.#before.shift();
    }
  }

  #isMatch(line: string): boolean {
    const { include, exclude } = this.#options;
    return (include.length === 0 || include.some((pattern) => pattern.matches(line))) &&
      !exclude.some((pattern) => pattern.matches(line));
  }
}
