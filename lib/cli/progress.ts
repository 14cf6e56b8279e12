/** Telling people that something goes on, where it takes longer than a moment. */
import { type Clock, systemClock, type TimerId } from "../clock.ts";
import type { CliContext } from "./command.ts";

/** Options of {@linkcode progress}. */
export interface ProgressOptions {
  /** @default systemClock */
  clock?: Clock;
  /**
   * Whether stderr is a terminal: one line that is written over then, else plain lines.
   * @default Deno.stderr.isTerminal()
   */
  isTerminal?: boolean;
  /**
   * Whether nothing but plain text is wanted: plain lines on a terminal, too.
   * @default whether NO_COLOR is set to anything
   */
  plain?: boolean;
}

/** A line about what goes on. */
export interface Progress extends Disposable {
  /** What goes on now; one line, printable. */
  update(text: string): void;
  /** Takes the line away again. Calling it twice changes nothing. */
  [Symbol.dispose](): void;
}

/** What is done by then needs no word. */
const SILENT_MS = 1000;

const FRAME_MS = 120;

/** Plain lines stay: no more of them than a reader can follow. */
const PLAIN_MS = 2000;

const FRAMES = ["|", "/", "-", "\\"];

/** So long that no terminal breaks the line, which could not be taken away then. */
const MAX_CHARS = 78;

/**
 * Shows `text` on stderr once a second has passed, and what follows it, until it is disposed of. Dispose of it before
 * anything else is printed.
 */
export function progress(context: CliContext, text: string, options: ProgressOptions = {}): Progress {
  const { clock = systemClock, isTerminal = Deno.stderr.isTerminal(), plain = Deno.noColor } = options;
  const animated = isTerminal && !plain;
  let current = text;
  let shown = "";
  let frame = 0;
  let timer: TimerId | undefined = clock.setTimeout(show, SILENT_MS);

  function show(): void {
    if (animated) {
      const line = `${FRAMES[frame++ % FRAMES.length]} ${current.slice(0, MAX_CHARS)}`;
      context.err(`\r\x1b[K${line}`);
      shown = line;
    } else if (current !== shown) {
      context.err(`${current}\n`);
      shown = current;
    }
    timer = clock.setTimeout(show, animated ? FRAME_MS : PLAIN_MS);
  }

  return {
    update: (next) => void (current = next),
    [Symbol.dispose]() {
      if (timer === undefined) return;
      clock.clearTimeout(timer);
      timer = undefined;
      if (animated && shown !== "") context.err("\r\x1b[K");
    },
  };
}
