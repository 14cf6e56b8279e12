/** What sessions came to since the agent started. */
export interface SessionFigures {
  /** Sessions that were let in, by type; what is no type of the protocol counts as `unknown`. */
  readonly started: Readonly<Record<string, number>>;
  /** Starts that were refused, by the words of the refusal without what varies in them. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Counts them. The names come from a closed set: a hub cannot make it grow. */
export class SessionCounters {
  readonly #started: Record<string, number> = {};
  readonly #refused: Record<string, number> = {};

  /** A snapshot. */
  get figures(): SessionFigures {
    return { started: { ...this.#started }, refused: { ...this.#refused } };
  }

  started(type: string | undefined): void {
    const name = type ?? "unknown";
    this.#started[name] = (this.#started[name] ?? 0) + 1;
  }

  /** @param refusal as it was answered; what follows a colon varies. */
  refused(refusal: string): void {
    const name = refusal.replace(/:.*$/s, "");
    this.#refused[name] = (this.#refused[name] ?? 0) + 1;
  }
}
