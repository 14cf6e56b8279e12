/** How much one session may use, and what it has used. */
import { Buffer } from "node:buffer";
import { bounded } from "./bounded_text.ts";

/** How much one session may use. What is left out is not limited. */
export interface SessionLimits {
  /** How many turns of a chat. */
  readonly maxTurns?: number;
  /** How long it may take, in milliseconds. */
  readonly maxMs?: number;
  /** How much it may say, in bytes of UTF-8: streamed output, replies and the report. */
  readonly maxOutputBytes?: number;
  /** How many tools it may run. */
  readonly maxToolRuns?: number;
}

/** What a session has used. */
export interface SessionUse {
  readonly turns: number;
  readonly outputBytes: number;
  readonly toolRuns: number;
}

/** Counts what one session uses. Whoever ends the session asks {@linkcode spent}. */
export class SessionMeter {
  readonly #limits: SessionLimits;
  #turns = 0;
  #outputBytes = 0;
  #toolRuns = 0;
  #spent: string | undefined;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  get use(): SessionUse {
    return { turns: this.#turns, outputBytes: this.#outputBytes, toolRuns: this.#toolRuns };
  }

  /** How long the session may take, in milliseconds; undefined: as long as it likes. */
  get maxMs(): number | undefined {
    return this.#limits.maxMs;
  }

  /** The limit that has been reached, as an operator is told of it: `"200 tool runs in a session"`. */
  get spent(): string | undefined {
    return this.#spent;
  }

  /** How many bytes may still be said. */
  get outputLeft(): number {
    return Math.max(0, (this.#limits.maxOutputBytes ?? Infinity) - this.#outputBytes);
  }

  /** Counts what is about to be said. @returns as much of it as there is room for. */
  say(text: string): string {
    const { maxOutputBytes } = this.#limits;
    const bytes = Buffer.byteLength(text);
    if (maxOutputBytes === undefined || bytes <= this.outputLeft) {
      this.#outputBytes += bytes;
      return text;
    }
    const { text: start } = bounded(text, this.outputLeft);
    this.#outputBytes += Buffer.byteLength(start);
    this.spend(`${maxOutputBytes} bytes of output in a session`);
    return start;
  }

  /** Counts the end of a turn. */
  turn(): void {
    this.#turns++;
    const { maxTurns } = this.#limits;
    if (maxTurns !== undefined && this.#turns >= maxTurns) this.spend(`${maxTurns} turns in a chat`);
  }

  /** Counts a tool that is about to run. @returns the limit that does not let it; undefined where none does. */
  toolRun(): string | undefined {
    const { maxToolRuns } = this.#limits;
    if (maxToolRuns !== undefined && this.#toolRuns >= maxToolRuns) {
      const limit = `${maxToolRuns} tool runs in a session`;
      this.spend(limit);
      return limit;
    }
    this.#toolRuns++;
    return undefined;
  }

  /** A limit has been reached; the first one counts. */
  spend(limit: string): void {
    this.#spent ??= limit;
  }
}
