/** Whether a small file can be written. */
import { join } from "node:path";
import { FactUnavailableError } from "./host_facts.ts";

const NAME = ".pawl-write-probe";
const CONTENT = new TextEncoder().encode("written to see whether it can be\n");

/**
 * Writes a small file into `folder`, reads it back and removes it. A link in its place is never followed.
 *
 * @returns what keeps it from being written, or undefined where nothing does. May hang with the file system.
 * @throws FactUnavailableError where the sandbox does not let it try.
 */
export async function probeWrite(folder: string): Promise<string | undefined> {
  const path = join(folder, NAME);
  try {
    await removeIfThere(path); // of a try that was cut short
    {
      using file = await Deno.open(path, { write: true, read: true, createNew: true, mode: 0o600 });
      await file.write(CONTENT);
      await file.syncData();
      await file.seek(0, Deno.SeekMode.Start);
      const back = new Uint8Array(CONTENT.length);
      const readBytes = await file.read(back);
      if (readBytes !== CONTENT.length || back.some((byte, index) => byte !== CONTENT[index])) {
        return "what is read back is not what was written";
      }
    }
    return undefined;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      const message = `cannot write to ${folder}: not permitted; ` +
        `allow it with --allow-read=${folder} --allow-write=${folder}`;
      throw new FactUnavailableError(message, { cause });
    }
    return cause instanceof Error ? cause.message : String(cause);
  } finally {
    await removeIfThere(path).catch(() => {}); // the next try removes it; that one cannot is told already
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
