/** The steps of a run on stderr: one progress line on a terminal, plain lines else. */
import type { Playbook } from "../diagnose/playbook.ts";
import { printable } from "../log.ts";
import type { CliContext } from "./command.ts";
import { progress } from "./progress.ts";

/** Shows what a run streams. Dispose of it before the result is printed. */
export class StepPrinter implements Disposable {
  readonly #shown: ReturnType<typeof progress>;

  constructor(context: CliContext, text: string) {
    this.#shown = progress(context, text);
  }

  readonly callback: Parameters<Playbook["diagnose"]>[1] = (stage, delta) => {
    if (stage === "tool_call") this.#shown.update(printable(delta));
    return Promise.resolve();
  };

  [Symbol.dispose](): void {
    this.#shown[Symbol.dispose]();
  }
}
