/** Reading the small files that a configuration names. */

/**
 * The text of the file at `path`. Also reads pipes; never more than `maxBytes`.
 *
 * @throws Error whose message is why not, fit for the middle of a sentence; `cause` is the platform's error.
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<string> {
  const bytes = new Uint8Array(maxBytes + 1);
  let length = 0;
  try {
    using file = await Deno.open(path, { read: true });
    if ((await file.stat()).isDirectory) throw new Deno.errors.IsADirectory();
    while (length < bytes.length) {
      const count = await file.read(bytes.subarray(length));
      if (count === null) break;
      length += count;
    }
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error });
  }
  if (length > maxBytes) throw new Error(`it is longer than ${maxBytes} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length));
  } catch (error) {
    throw new Error("it is not UTF-8 text", { cause: error });
  }
}

/** Why a file or folder could not be used, in words fit for the middle of a sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it does not exist";
  if (error instanceof Deno.errors.NotCapable) return "the sandbox does not grant access to it";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.AlreadyExists) return "a file of that name is in the way";
  if (error instanceof Deno.errors.NotADirectory) return "a part of its path is not a folder";
  // The platform appends the call and its paths: the first clause says enough.
  const message = error instanceof Error ? error.message : String(error);
  return message.split(/[:\n]/, 1)[0] || "unknown reason";
}
