/** How far a log was read, told so that it is found again when it was renamed, copied or cut meanwhile. */
import { hash } from "node:crypto";
import * as z from "zod/mini";
import type { FileState, RegularFile } from "../../host/files/regular_file.ts";

const FINGERPRINT_BYTES = 256;

/** The schema of {@linkcode LogPosition}, as it is kept. */
export const logPositionSchema = z.object({
  device: z.number(),
  inode: z.number(),
  /** Up to where it was read, in bytes: the start of a line, unless `skipping`. */
  offset: z.number().check(z.int(), z.minimum(0)),
  /** Whether the line there is to be passed over. */
  skipping: z.boolean(),
  /** What the file began with, and how many bytes of it that speaks of. */
  head: z.string(),
  headBytes: z.number().check(z.int(), z.minimum(0), z.maximum(FINGERPRINT_BYTES)),
  /** What stood before `offset`. */
  tail: z.string(),
});

/** Where reading goes on. */
export type LogPosition = z.output<typeof logPositionSchema>;

/** The position at `offset` of an open file. */
export async function positionAt(file: RegularFile, offset: number, skipping = false): Promise<LogPosition> {
  const head = await fingerprint(file, 0, Math.min(FINGERPRINT_BYTES, file.state.sizeBytes));
  const tailBytes = Math.min(FINGERPRINT_BYTES, offset);
  const tail = await fingerprint(file, offset - tailBytes, tailBytes);
  const { device, inode } = file.state;
  return { device, inode, offset, skipping, head: head.text, headBytes: head.bytes, tail: tail.text };
}

/** Whether what was read up to the position is what the file holds there, whatever file it is. */
export async function holds(file: RegularFile, position: LogPosition): Promise<boolean> {
  const { offset, headBytes, head, tail } = position;
  if (file.state.sizeBytes < Math.max(offset, headBytes)) return false;
  if ((await fingerprint(file, 0, headBytes)).text !== head) return false;
  const tailBytes = Math.min(FINGERPRINT_BYTES, offset);
  return (await fingerprint(file, offset - tailBytes, tailBytes)).text === tail;
}

/** Whether it is the file that the position speaks of, going by its number alone. */
export function isSameFile(state: FileState, position: LogPosition): boolean {
  return state.inode === position.inode && state.device === position.device;
}

async function fingerprint(
  file: RegularFile,
  from: number,
  bytes: number,
): Promise<{ text: string; bytes: number }> {
  const buffer = new Uint8Array(bytes);
  const readBytes = await file.read(buffer, from);
  return { text: hash("sha256", buffer.subarray(0, readBytes), "hex").slice(0, 32), bytes: readBytes };
}
