import { printable } from "../log.ts";

/** Who speaks in the demo, and in which colour. */
const SPEAKERS = { demo: 90, hub: 35, agent: 36, operator: 33 } as const;

/** See {@linkcode DemoNarrator}. */
export type Speaker = keyof typeof SPEAKERS;

/** Tells the demo's story, one line for each thing that happened, with the seconds since the start. */
export class DemoNarrator {
  readonly #out: (text: string) => void;
  readonly #colors: boolean;
  readonly #startMs = performance.now();

  constructor(out: (text: string) => void, colors: boolean) {
    this.#out = out;
    this.#colors = colors;
  }

  /** Says one thing; a text of several lines is indented. */
  say(speaker: Speaker, text: string): void {
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(2).padStart(6);
    const name = speaker.padEnd(8);
    const shown = this.#colors ? `\x1b[${SPEAKERS[speaker]}m${name}\x1b[0m` : name;
    const [first = "", ...rest] = text.trimEnd().split("\n").map(printable);
    this.#out(
      [`${seconds}  ${shown}  ${first}`, ...rest.map((line) => `${" ".repeat(18)}${line}`)].join("\n") + "\n",
    );
  }
}
