/** Keeping secrets that are known out of what foreign servers and programs say: they like to quote what they got. */
import { Buffer } from "node:buffer";
import { MASK } from "./secret_shapes.ts";

/** Shorter ones occur in every text. */
const MIN_SECRET_CHARS = 4;

/** A shorter start of a secret could be any word's. */
const MIN_START_CHARS = 12;

/** Secrets by their values. Where only the form of a secret is known, `maskSecrets` serves. */
export class KnownSecrets {
  readonly #needles: readonly string[];
  readonly #starts: RegExp | undefined;

  /** @param secrets those under 4 characters are left alone. */
  constructor(secrets: readonly string[]) {
    const needles = secrets.filter((secret) => secret.length >= MIN_SECRET_CHARS).flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret.toWellFormed()),
      Buffer.from(secret).toString("base64"),
    ]);
    this.#needles = [...new Set(needles)];
    // Longest first: a secret may be part of another.
    const starts = [...new Set(this.#needles.map(startOf))].sort((a, b) => b.length - a.length);
    if (starts.length > 0) this.#starts = new RegExp(starts.map(escaped).join("|"), "g");
  }

  /** `text` without any of them, as they are, escaped as in JSON or in a URL, in base64, and also where cut short. */
  mask(text: string): string {
    if (this.#starts === undefined) return text;
    let masked = "";
    let from = 0;
    for (const { index } of text.matchAll(this.#starts)) {
      if (index < from) continue; // inside of what is masked already
      masked += text.slice(from, index) + MASK;
      from = Math.max(...this.#needles.map((needle) => endOfRun(text, index, needle)));
    }
    return masked + text.slice(from);
  }

  /** The same for whatever JSON can hold, its names included. */
  maskAll<T>(value: T): T {
    if (this.#needles.length === 0) return value;
    if (typeof value === "string") return this.mask(value) as T;
    if (Array.isArray(value)) return value.map((item) => this.maskAll(item)) as T;
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) => [this.mask(key), this.maskAll(item)]);
    return Object.fromEntries(entries) as T;
  }

  /** An error is told in its own words and in those of its causes: all are masked, in place. */
  maskError(error: unknown): void {
    for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
      const [message, stack] = [this.mask(at.message), this.mask(at.stack ?? "")];
      if (message !== at.message) {
        Object.defineProperty(at, "message", { value: message, configurable: true });
      }
      if (stack !== (at.stack ?? "")) {
        Object.defineProperty(at, "stack", { value: stack, configurable: true });
      }
    }
  }
}

/** What a secret begins with: enough of it to be taken for it. */
function startOf(needle: string): string {
  return needle.slice(0, MIN_START_CHARS);
}

/** Where the text at `at` stops being what `needle` begins with; `at` itself where that is too little. */
function endOfRun(text: string, at: number, needle: string): number {
  let length = 0;
  while (length < needle.length && text[at + length] === needle[length]) length++;
  return length >= Math.min(needle.length, MIN_START_CHARS) ? at + length : at;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
