/** Runners that are made when the first session asks for them. */
import { onceDone } from "../once.ts";
import type { ChatRunner, DiagnoseRunner } from "../sessions/runners.ts";

/** What does the work of sessions. */
export interface Runners {
  readonly diagnose: DiagnoseRunner;
  readonly chat: ChatRunner;
}

/**
 * Stands in for what `make` makes, once, at the first session: tools are half of all code, and most agents are asked
 * nothing for weeks. Where `make` rejects, that session fails with its reason, and the next one tries again.
 */
export function lazyRunners(make: () => Promise<Runners>): Runners {
  const runners = onceDone(make);
  return {
    diagnose: { run: async (...args) => await (await runners()).diagnose.run(...args) },
    chat: { open: async (...args) => await (await runners()).chat.open(...args) },
  };
}
