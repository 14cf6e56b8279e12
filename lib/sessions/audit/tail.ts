/** Where an audit file ends: the last entry of it that is whole, and what a process left behind it that died writing. */
import { createHash } from "node:crypto";
import { type AuditLine, readLine } from "./line.ts";

/** The end of a file. */
export interface AuditTail {
  readonly sizeBytes: number;
  /** The last whole entry; undefined where there is none. */
  readonly last: AuditLine | undefined;
  /** Whether a line break has to be written before the next entry. */
  readonly needsBreak: boolean;
  /** What stands behind the last whole entry, where something does. */
  readonly torn: TornPart | undefined;
}

/** Bytes that are no entry, the line break included that parts them from what follows. */
export interface TornPart {
  readonly bytes: number;
  readonly sha256: string;
}

/** A torn part is as long as a few entries at most; what is longer was not left by a process that died. */
const MAX_LOOK_BYTES = 4 * 1024 * 1024;
const LF = 0x0a;

/** Reads the end of a file. */
export async function readTail(path: string): Promise<AuditTail> {
  using file = await Deno.open(path, { read: true });
  const sizeBytes = (await file.stat()).size;
  const fromByte = Math.max(0, sizeBytes - MAX_LOOK_BYTES);
  await file.seek(fromByte, Deno.SeekMode.Start);
  const bytes = await readUpTo(file, sizeBytes - fromByte);
  return { sizeBytes, ...tailOf(bytes) };
}

/** The end of what is in `bytes`. */
export function tailOf(bytes: Uint8Array): Omit<AuditTail, "sizeBytes"> {
  const needsBreak = bytes.length > 0 && bytes.at(-1) !== LF;
  const decoder = new TextDecoder();
  let end = bytes.length;
  while (end > 0) {
    const isEnded = bytes[end - 1] === LF;
    const lineEnd = isEnded ? end - 1 : end;
    const start = lineEnd === 0 ? 0 : bytes.lastIndexOf(LF, lineEnd - 1) + 1;
    const last = readLine(decoder.decode(bytes.subarray(start, lineEnd)));
    if (last !== undefined) {
      const behind = bytes.subarray(end);
      return { last, needsBreak, torn: behind.length === 0 ? undefined : tornPart(behind, needsBreak) };
    }
    end = start;
  }
  return { last: undefined, needsBreak, torn: bytes.length === 0 ? undefined : tornPart(bytes, needsBreak) };
}

/** A torn part as it stands once a line break ends it. */
export function tornPart(bytes: Uint8Array, needsBreak: boolean): TornPart {
  const hash = createHash("sha256").update(bytes);
  if (needsBreak) hash.update("\n");
  return { bytes: bytes.length + (needsBreak ? 1 : 0), sha256: hash.digest("hex") };
}

async function readUpTo(file: Deno.FsFile, maxBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(maxBytes);
  let length = 0;
  while (length < maxBytes) {
    const read = await file.read(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return bytes.subarray(0, length);
}
