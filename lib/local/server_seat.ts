/** The place of the agent's own HTTP server, which may listen elsewhere from one moment to the next. */
import { type LocalServer, type LocalServerOptions, startLocalServer } from "./server.ts";

/** Where to listen, and for whom. */
export type ListenOptions = Pick<LocalServerOptions, "listen" | "allowRemote" | "token">;

/** Holds one server, or none. `set` is called for one change after the other; dispose of it at the end. */
export class ServerSeat implements AsyncDisposable {
  readonly #common: Omit<LocalServerOptions, keyof ListenOptions>;
  #server: LocalServer | undefined;
  #options: ListenOptions | undefined;

  constructor(common: Omit<LocalServerOptions, keyof ListenOptions>) {
    this.#common = common;
  }

  /**
   * Listens there from now on, or nowhere. A new address is listened on before the old one is left.
   *
   * @throws ConfigError if it cannot listen there; what listened before then still does.
   */
  async set(options: ListenOptions | undefined): Promise<void> {
    const [before, old] = [this.#options, this.#server];
    if (options !== undefined && options.listen === before?.listen) {
      await old?.[Symbol.asyncDispose](); // the address has room for one
      this.#server = undefined;
      try {
        this.#server = await this.#start(options);
      } catch (error) {
        this.#server = await this.#start(before);
        throw error;
      }
    } else {
      this.#server = options && await this.#start(options);
      await old?.[Symbol.asyncDispose]();
    }
    this.#options = options;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  #start(options: ListenOptions): Promise<LocalServer> {
    return startLocalServer({ ...this.#common, ...options });
  }
}
