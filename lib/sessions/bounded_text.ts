/** Keeping what others wrote within a size, counted in UTF-8 bytes as it travels. */
import { Buffer } from "node:buffer";

/** The start of a text, and what it lacks. */
export interface BoundedText {
  /** At most the asked-for number of bytes; never ends inside a character. */
  readonly text: string;
  /** How many bytes of the whole are not in it; 0 when nothing is missing. */
  readonly omittedBytes: number;
}

/** The longest start of `text` of at most `maxBytes` bytes that ends between two code points. */
export function bounded(text: string, maxBytes: number): BoundedText {
  if (text.length * 3 <= maxBytes) return { text, omittedBytes: 0 }; // no UTF-16 unit takes more than 3 bytes
  const totalBytes = Buffer.byteLength(text);
  if (totalBytes <= maxBytes) return { text, omittedBytes: 0 };
  const { read, written } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return { text: text.slice(0, read), omittedBytes: totalBytes - written };
}

/**
 * A report or chat reply as it is sent: whole, or its start and a line that says how many bytes were left out.
 *
 * @param maxBytes how much it may take inside a JSON message, where a control character takes up to six
 */
export function boundedReply(reply: string, maxBytes: number): string {
  let limitBytes = maxBytes;
  for (;;) {
    const { text, omittedBytes } = bounded(reply, limitBytes);
    // No UTF-16 unit takes more than 6 bytes, so that most replies need not be written to be measured.
    const travelBytes = text.length * 6 <= maxBytes ? 0 : Buffer.byteLength(JSON.stringify(text)) - 2;
    if (travelBytes <= maxBytes) {
      return omittedBytes === 0 ? text : `${text}\n\n[cut here: ${omittedBytes} bytes left out]`;
    }
    limitBytes = Math.floor(Math.min(limitBytes, Buffer.byteLength(text)) * maxBytes / travelBytes);
  }
}
