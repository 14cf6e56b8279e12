import { TempFolder } from "../config/temp_folder.ts";

/** How much the file that fills it grows at a time; smaller ones fill the last gap. */
const CHUNKS_BYTES = [64 * 1024, 4096, 1];

/** A file system of its own, in memory and small, that can be filled up. Disposing of it unmounts it. */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: TempFolder;

  private constructor(folder: TempFolder) {
    this.#folder = folder;
  }

  /** Why there cannot be one here; undefined where there can. */
  static unavailable(): string | undefined {
    if (Deno.build.os !== "linux") return "tmpfs is Linux's";
    const folder = Deno.makeTempDirSync();
    const refusal = run("mount", "-t", "tmpfs", "-o", "size=64k", "pawl-test", folder);
    if (refusal === undefined) run("umount", folder);
    Deno.removeSync(folder);
    return refusal;
  }

  /** @throws Error if mounting fails */
  static mount(megabytes: number): SmallDisk {
    const folder = new TempFolder();
    const why = run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "pawl-test", folder.at("."));
    if (why !== undefined) throw new Error(`cannot mount: ${why}`);
    return new SmallDisk(folder);
  }

  /** The path of something on it. */
  at(name: string): string {
    return this.#folder.at(name);
  }

  /** Leaves no byte free. */
  fill(): void {
    using file = Deno.openSync(this.at("ballast"), { append: true, create: true });
    for (const bytes of CHUNKS_BYTES) {
      const chunk = new Uint8Array(bytes);
      while (isWritten(file, chunk));
    }
  }

  /** Gives back what {@linkcode fill} took. */
  free(): void {
    Deno.removeSync(this.at("ballast"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const why = run("umount", this.at("."));
    await this.#folder[Symbol.asyncDispose]();
    if (why !== undefined) throw new Error(`cannot unmount: ${why}`);
  }
}

function isWritten(file: Deno.FsFile, chunk: Uint8Array): boolean {
  try {
    return file.writeSync(chunk) > 0;
  } catch (error) {
    if (/space left/i.test(String(error))) return false;
    throw error;
  }
}

/** Runs a command; says why it failed, or nothing. */
function run(command: string, ...args: string[]): string | undefined {
  try {
    const { success, stderr } = new Deno.Command(command, { args, stdout: "null", stderr: "piped" })
      .outputSync();
    return success ? undefined : `${command}: ${new TextDecoder().decode(stderr).trim()}`;
  } catch (error) {
    return `${command}: ${error instanceof Error ? error.message : error}`;
  }
}
