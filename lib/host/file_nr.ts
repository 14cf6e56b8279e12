/** `/proc/sys/fs/file-nr`. */
import { countOf, wordsOf } from "./kernel_text.ts";

/** The whole system's open files. */
export interface FileNr {
  /** In use, and allocated but free. */
  readonly allocated: number;
  /** Allocated but free; 0 since Linux 2.6. */
  readonly free: number;
  readonly max: number;
}

/** Never throws; undefined where the text is no such file's. */
export function parseFileNr(text: string): FileNr | undefined {
  const [allocated, free, max] = wordsOf(text).map(countOf);
  if (allocated === undefined || free === undefined || max === undefined) return undefined;
  return { allocated, free, max };
}
