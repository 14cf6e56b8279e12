import type { AgentSettings } from "./agent_under_fault.ts";
import { AgentProcess } from "./agent_process.ts";

/** One agent over its restarts; each life has a token of its own. Disposing of it kills what lives. */
export class AgentLives implements AsyncDisposable {
  /** How often it was killed, also while it started. */
  kills = 0;
  /** How often it was stopped in order. */
  stops = 0;
  readonly #settings: AgentSettings;
  #latest: AgentProcess | undefined;
  #current: Promise<AgentProcess>;
  #lives = 0;
  #over = false;

  constructor(settings: AgentSettings) {
    this.#settings = settings;
    this.#current = this.#begin([]);
  }

  /** The living agent; between two lives, the next one once it answers. */
  get current(): Promise<AgentProcess> {
    return this.#current;
  }

  /** What the last life has logged, the end of it. */
  get log(): string {
    return this.#latest?.log ?? "";
  }

  /**
   * Ends this life and begins another. One call at a time.
   * @param killedStartsMs before that come so many starts that are killed, each after so many milliseconds.
   */
  async restart(how: "kill" | "terminate", killedStartsMs: readonly number[] = []): Promise<void> {
    const old = await this.#current;
    // From here on nobody is given the old one any more.
    this.#current = (how === "kill" ? old.kill() : old.terminate()).then(() => this.#begin(killedStartsMs));
    if (how === "kill") this.kills++;
    else this.stops++;
    await this.#current;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#latest?.[Symbol.asyncDispose]();
    await this.#current.catch(() => {});
    await this.#latest?.[Symbol.asyncDispose]();
  }

  async #begin(killedStartsMs: readonly number[]): Promise<AgentProcess> {
    for (const delayMs of killedStartsMs) {
      const killed = this.#spawn();
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await killed.kill();
      this.kills++;
    }
    const agent = this.#spawn();
    await agent.ready();
    return agent;
  }

  #spawn(): AgentProcess {
    if (this.#over) throw new Error("the agent is not started again: the test is over");
    return this.#latest = AgentProcess.spawn({ ...this.#settings, token: `life ${this.#lives++}` });
  }
}
