/** The checksums of files, computed no more often than the files change. */
import { createHash } from "node:crypto";
import type { Clock } from "../../clock.ts";
import { type FileState, openRegular } from "../../host/files/regular_file.ts";

const CHUNK_BYTES = 256 * 1024;

/** Options of {@linkcode Checksums}. */
export interface ChecksumsOptions {
  /** How many bytes are read in one round; what is left waits for the next. */
  maxBytesPerRound: number;
  clock: Clock;
}

/**
 * The note of a change is kept in whole seconds: what was read in the same second may have changed after that. A
 * second more for clocks that are not quite the same.
 */
const SETTLED_MS = 2000;

/**
 * SHA-256 of files. A file is read again when anything of it changed, be it only that somebody set its time back: the
 * kernel's own note of the change cannot be set. Made anew, it reads every file once.
 */
export class Checksums {
  readonly #maxBytesPerRound: number;
  readonly #clock: Clock;
  readonly #known = new Map<string, { stamp: string; checksum: string }>();
  #leftBytes = 0;

  constructor({ maxBytesPerRound, clock }: ChecksumsOptions) {
    this.#clock = clock;
    this.#maxBytesPerRound = maxBytesPerRound;
  }

  /** Begins a round; forgets the files that are not in `paths`. */
  begin(paths: ReadonlySet<string>): void {
    this.#leftBytes = this.#maxBytesPerRound;
    for (const path of this.#known.keys()) if (!paths.has(path)) this.#known.delete(path);
  }

  /**
   * In hex; undefined when the round has no bytes left for it, or when the file changed while it was read.
   * @throws what opening a file throws.
   */
  async of(path: string, state: FileState, signal: AbortSignal): Promise<string | undefined> {
    const known = this.#known.get(path);
    if (known?.stamp === stampOf(state)) return known.checksum;
    if (this.#leftBytes <= 0) return undefined;
    const startMs = this.#clock.wallMs();
    await using file = await openRegular(path);
    const hash = createHash("sha256");
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, Math.max(1, file.state.sizeBytes)));
    for (let at = 0; at < file.state.sizeBytes;) {
      const readBytes = await file.read(
        buffer.subarray(0, Math.min(buffer.length, file.state.sizeBytes - at)),
        at,
      );
      signal.throwIfAborted();
      if (readBytes === 0) break;
      hash.update(buffer.subarray(0, readBytes));
      at += readBytes;
      this.#leftBytes -= readBytes;
    }
    const checksum = hash.digest("hex");
    const stamp = stampOf(file.state);
    if (stampOf(await file.now()) !== stamp) return undefined; // half of the one and half of the other
    const isSettled = startMs - file.state.changedMs >= SETTLED_MS;
    if (isSettled) this.#known.set(path, { stamp, checksum });
    else this.#known.delete(path);
    return checksum;
  }
}

function stampOf({ device, inode, sizeBytes, modifiedMs, changedMs }: FileState): string {
  return [device, inode, sizeBytes, modifiedMs, changedMs].join();
}
