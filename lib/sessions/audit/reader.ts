/** The audit as it is read back: its pieces in order, entries and what is none. */
import { type AuditLine, readLine } from "./line.ts";

/** A line of a file. */
export interface Piece {
  /** Its number in the file, from 1. */
  readonly number: number;
  /** As it stands there, without the line break. */
  readonly bytes: Uint8Array;
  /** Whether a line break ends it. */
  readonly isEnded: boolean;
  /** What it says; undefined where it is no entry. */
  readonly line: AuditLine | undefined;
}

const LF = 0x0a;

/** The lines of a file, empty ones among them. */
export function* piecesOf(bytes: Uint8Array): Generator<Piece> {
  const decoder = new TextDecoder();
  for (let start = 0, number = 1; start < bytes.length; number++) {
    const end = bytes.indexOf(LF, start);
    const isEnded = end !== -1;
    const part = bytes.subarray(start, isEnded ? end : bytes.length);
    yield { number, bytes: part, isEnded, line: readLine(decoder.decode(part)) };
    start += part.length + 1;
  }
}
