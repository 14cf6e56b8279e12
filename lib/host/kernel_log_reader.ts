/** Reading the kernel's log without waiting for what it will say next. */
import { Buffer } from "node:buffer";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { FactUnavailableError } from "./host_facts.ts";
import { type KernelRecord, parseKernelRecord } from "./kernel_log.ts";

/** Gives every record that the kernel still has, oldest first. */
export type KernelLogReader = (signal: AbortSignal) => Promise<KernelRecord[]>;

/** No record is longer, or the kernel refuses to hand it out. */
const RECORD_BYTES = 8 * 1024;

/** So many records are read between two turns of the event loop: about a millisecond. */
const RECORDS_PER_TURN = 100;

/** The kernel's own buffer is smaller nearly everywhere; the newest records are kept. */
const MAX_RECORDS = 50_000;

/**
 * {@linkcode KernelLogReader} over a device such as `/dev/kmsg`.
 *
 * @throws FactUnavailableError where it may not be read, the signal's reason when it aborts.
 */
export function kernelLogReader(path = "/dev/kmsg"): KernelLogReader {
  return async (signal) => {
    signal.throwIfAborted();
    const file = open(path);
    try {
      const records: KernelRecord[] = [];
      const buffer = Buffer.alloc(RECORD_BYTES);
      for (let turn = 1;; turn++) {
        const raw = readRecord(file, buffer);
        if (raw === undefined) return records.slice(-MAX_RECORDS);
        const record = parseKernelRecord(raw);
        if (record !== undefined) records.push(record);
        if (records.length > 2 * MAX_RECORDS) records.splice(0, MAX_RECORDS);
        if (turn % RECORDS_PER_TURN === 0) {
          await new Promise<void>((resolve) => setTimeout(resolve, 0));
          signal.throwIfAborted();
        }
      }
    } finally {
      closeSync(file);
    }
  };
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const why = error instanceof Deno.errors.NotCapable
      ? "the sandbox keeps it from every process with limited permissions"
      : codeOf(error) === "ENOENT"
      ? "there is none in this container or on this system"
      : "only the superuser may (kernel.dmesg_restrict)";
    throw new FactUnavailableError(
      `cannot read the kernel's log ${path}: ${why}; allow the program dmesg in [remote] allow_run and use dmesg_recent`,
      { cause: error },
    );
  }
}

/** The next record; undefined at the end, where the device would wait. */
function readRecord(file: number, buffer: Buffer): string | undefined {
  for (;;) {
    try {
      const bytes = readSync(file, buffer, 0, buffer.length, null);
      return bytes === 0 ? undefined : buffer.toString("utf8", 0, bytes);
    } catch (error) {
      if (codeOf(error) === "EAGAIN") return undefined;
      // Records that we had not come to yet were overwritten: it goes on with the oldest there is.
      if (codeOf(error) !== "EPIPE") throw error;
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}
