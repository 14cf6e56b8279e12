/** Files that are read whole: certificates, lists of authorities. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { named } from "../files/regular_file.ts";

/**
 * Reads a regular file. Links are followed under the name that was given: a grant for that name is enough. Neither
 * waits for a FIFO's other end nor touches a device.
 *
 * @throws TypeError for what is no regular file, RangeError when it is larger than `maxBytes`, FactUnavailableError for
 * lack of permission, `Deno.errors.NotFound`.
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await named(path, () => open(path, constants.O_RDONLY | constants.O_NONBLOCK));
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new TypeError(`cannot read ${path}: it is no regular file`);
    const buffer = new Uint8Array(Math.min(Number(stat.size), maxBytes) + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > maxBytes) {
      throw new RangeError(`cannot read ${path}: it is larger than ${maxBytes} bytes; name another file`);
    }
    return buffer.subarray(0, length);
  } finally {
    await handle.close();
  }
}

/** The certificates of authorities that a file holds, as PEM. @throws as {@linkcode readSmallFile}; Error for a file without any. */
export async function readAuthorities(path: string): Promise<string> {
  const text = new TextDecoder().decode(await readSmallFile(path, 4 * 1024 * 1024));
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new Error(`cannot use ${path}: it holds no certificate in PEM; name the file of an authority`);
}
