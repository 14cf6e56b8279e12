import { join } from "node:path";

/** A folder of a test's own, gone when disposed. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  constructor() {
    this.path = Deno.makeTempDirSync({ prefix: "pawl-test-" });
  }

  /** The absolute path of `name` in it. */
  at(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file; returns its path. */
  write(name: string, text: string, mode = 0o600): string {
    Deno.writeTextFileSync(this.at(name), text);
    Deno.chmodSync(this.at(name), mode); // whatever the umask says
    return this.at(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
