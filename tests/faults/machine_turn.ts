/** Tests that take up the whole machine do so one after the other, whichever file or run they belong to. */
import { join } from "node:path";

const LOCK = join(Deno.env.get("TMPDIR") ?? "/tmp", "pawl-tests-machine.lock");

/** Holds the machine until it is disposed of. */
export class MachineTurn implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Waits for those who hold it now. */
  static async take(): Promise<MachineTurn> {
    const file = await Deno.open(LOCK, { read: true, write: true, create: true });
    await file.lock(true);
    return new MachineTurn(file);
  }

  [Symbol.dispose](): void {
    this.#file.close(); // which lets go of the lock, too
  }
}
