import assert from "node:assert/strict";
import fc from "fast-check";
import { LOGFILE_CHECK } from "../../lib/checks/logfile.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { found, makeCheck, MapMemory } from "./check_rig.ts";

type Step = "write" | "write half" | "rotate" | "look" | "restart" | "give up";

const step = fc.constantFrom<Step>("write", "write", "write half", "rotate", "look", "restart", "give up");

/** A log, whoever writes to it, and whoever rotates it. */
class Log {
  readonly written: string[] = [];
  readonly path: string;
  readonly #style: "rename" | "copy";
  #half = "";

  constructor(path: string, style: "rename" | "copy") {
    this.path = path;
    this.#style = style;
    Deno.writeTextFileSync(path, "before the watch\n");
  }

  write(half: boolean): void {
    const line = this.#half === "" ? `line ${this.written.length}` : this.#half;
    const rest = this.#half === "" ? line : " and more";
    this.#append(half && this.#half === "" ? line : `${rest}\n`);
    if (half && this.#half === "") this.#half = line;
    else {
      this.written.push(this.#half === "" ? line : `${line} and more`);
      this.#half = "";
    }
  }

  rotate(): void {
    if (this.#half !== "") this.write(false); // a writer ends its line before it goes to another file
    const earlier =
      [...Deno.readDirSync(new URL(".", `file://${this.path}`))].filter(({ name }) => /\.\d+$/.test(name))
        .length;
    for (let number = earlier; number > 0; number--) {
      Deno.renameSync(`${this.path}.${number}`, `${this.path}.${number + 1}`);
    }
    if (this.#style === "rename") {
      Deno.renameSync(this.path, `${this.path}.1`);
      Deno.writeTextFileSync(this.path, "");
    } else {
      Deno.copyFileSync(this.path, `${this.path}.1`);
      Deno.truncateSync(this.path);
    }
  }

  #append(text: string): void {
    Deno.writeTextFileSync(this.path, text, { append: true });
  }
}

for (const style of ["rename", "copy"] as const) {
  Deno.test(`property: over rotations by ${style}, restarts and looks that are given up, each line is told once, in order`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        await using folder = new TempFolder();
        const log = new Log(folder.at("app.log"), style);
        const memory = new MapMemory();
        const make = () => makeCheck(LOGFILE_CHECK, { paths: [log.path], max_lines: 100 }, { memory });
        let check = make();
        const told: string[] = [];
        const look = async () => {
          for (const { attrs } of await found(check, "logfile::match")) {
            if (attrs.lines !== undefined) told.push(...attrs.lines.split("\n"));
          }
        };
        await look();
        for (const step of steps) {
          if (step === "write" || step === "write half") log.write(step === "write half");
          else if (step === "rotate") log.rotate();
          else if (step === "look") await look();
          else if (step === "restart") check = make();
          else {
            const given = new AbortController();
            const gathering = check.gather(given.signal);
            given.abort(new Error("enough"));
            await assert.rejects(gathering, { message: "enough" });
          }
        }
        // Rotated just now, the new log is empty: its first line says that the earlier one is over.
        log.write(false);
        await look();
        await look();
        assert.deepEqual(told, log.written);
      }),
      { numRuns: 150 },
    );
  });
}
