/** Who is connected: one entry per agent id. It knows nothing of how. */

/** Holds the current entry of each agent. Nothing here waits. */
export class AgentRegistry<Entry extends { readonly agentId: string }> {
  readonly #entries = new Map<string, Entry>();

  /** Makes `entry` its agent's current one, and returns the one it displaces: the newer wins. */
  add(entry: Entry): Entry | undefined {
    const displaced = this.#entries.get(entry.agentId);
    this.#entries.set(entry.agentId, entry);
    return displaced === entry ? undefined : displaced;
  }

  /** Forgets `entry`; does nothing if another one has taken its place. */
  remove(entry: Entry): void {
    // Identity, not id: a displaced connection ends after its successor was added.
    if (this.#entries.get(entry.agentId) === entry) this.#entries.delete(entry.agentId);
  }

  get(agentId: string): Entry | undefined {
    return this.#entries.get(agentId);
  }

  /** All current entries, in the order in which their agents first came. */
  list(): Entry[] {
    return [...this.#entries.values()];
  }
}
