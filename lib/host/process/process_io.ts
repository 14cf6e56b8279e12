/** `/proc/<pid>/io`. */
import { countOf, fieldsOf } from "../kernel_text.ts";

/** What a process read and wrote since it started, in bytes; what is missing is left out. */
export interface ProcessIo {
  /** By calls to read, whether or not a disk was asked. */
  readonly readCallBytes?: number;
  readonly writeCallBytes?: number;
  readonly readCalls?: number;
  readonly writeCalls?: number;
  /** From and to block devices. */
  readonly readBytes?: number;
  readonly writeBytes?: number;
  /** Counted as written, but given up before it reached a device. */
  readonly cancelledWriteBytes?: number;
}

/** Never throws. */
export function parseProcessIo(text: string): ProcessIo {
  const fields = fieldsOf(text);
  const all: { [Key in keyof ProcessIo]-?: number | undefined } = {
    readCallBytes: countOf(fields.get("rchar")),
    writeCallBytes: countOf(fields.get("wchar")),
    readCalls: countOf(fields.get("syscr")),
    writeCalls: countOf(fields.get("syscw")),
    readBytes: countOf(fields.get("read_bytes")),
    writeBytes: countOf(fields.get("write_bytes")),
    cancelledWriteBytes: countOf(fields.get("cancelled_write_bytes")),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
