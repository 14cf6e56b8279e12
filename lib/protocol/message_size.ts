/** How long a message is on the wire. */

/** Whether `text` takes more than `maxBytes` in UTF-8; encodes it only where its length leaves that open. */
export function isLonger(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return false; // no UTF-16 unit takes more than 3 bytes
  return text.length > maxBytes || new TextEncoder().encode(text).length > maxBytes;
}
