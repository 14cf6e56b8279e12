/** A disk of a few hundred kilobytes that can be filled and made read-only: a tmpfs. Needs to be allowed to mount. */
import { join } from "node:path";

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stdout: "null", stderr: "piped" })
    .output();
  if (!success) {
    throw new Error(`cannot ${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
  }
}

/** A mounted file system, gone when disposed. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws Error if mounting is not permitted. */
  static async mount(maxBytes: number): Promise<SmallDisk> {
    const path = await Deno.makeTempDir({ prefix: "pawl-disk-" });
    try {
      await run("mount", "-t", "tmpfs", "-o", `size=${maxBytes}`, "tmpfs", path);
    } catch (error) {
      await Deno.remove(path);
      throw error;
    }
    return new SmallDisk(path);
  }

  /** Why {@linkcode mount} would throw here; undefined where it would not. */
  static async refusal(): Promise<string | undefined> {
    try {
      await using _disk = await SmallDisk.mount(65_536);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** Takes all the space that is left. */
  fill(): void {
    using file = Deno.openSync(this.at("filler"), { write: true, create: true, append: true });
    for (let chunk = 65_536; chunk >= 1; chunk = Math.floor(chunk / 2)) {
      try {
        for (;;) file.writeSync(new Uint8Array(chunk));
      } catch {
        // As full as that.
      }
    }
  }

  /** Gives that space back. */
  empty(): void {
    Deno.removeSync(this.at("filler"));
  }

  /** Nothing may have a file of it open for writing. */
  async setReadOnly(readOnly: boolean): Promise<void> {
    await run("mount", "-o", `remount,${readOnly ? "ro" : "rw"}`, this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", this.path);
    await Deno.remove(this.path);
  }
}
