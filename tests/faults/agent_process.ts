/** The agent of `agent_under_fault.ts` as tests hold it. */
import type { AgentStatus, DestinationStatus } from "../../lib/local/agent_status.ts";
import { until } from "../fakes/until.ts";
import { type AgentSettings, socketOf } from "./agent_under_fault.ts";

/** How long the agent may take for one answer, in milliseconds. */
const ANSWER_MS = 15_000;

/** How much of what it wrote is kept for those who look for the cause of a failure. */
const KEPT_CHARS = 20_000;

/** An answer of the agent's own HTTP. */
export interface LocalAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** One life of the agent. Disposing of it kills it, if it lives. */
export class AgentProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #client: Deno.HttpClient;
  readonly #over: Promise<Deno.CommandStatus>;
  #status: Deno.CommandStatus | undefined;
  #toldToEnd = false;
  #closed = false;
  #log = "";

  private constructor(settings: AgentSettings) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-q",
        "-A",
        "--config",
        new URL("../../deno.json", import.meta.url).pathname,
        new URL("agent_under_fault.ts", import.meta.url).pathname,
        JSON.stringify(settings),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#client = Deno.createHttpClient({ proxy: { transport: "unix", path: socketOf(settings.stateDir) } });
    const read = this.#collect();
    this.#over = this.#child.status.then(async (status) => {
      this.#status = status;
      await read;
      return status;
    });
  }

  /** Starts the process without waiting for anything. */
  static spawn(settings: AgentSettings): AgentProcess {
    return new AgentProcess(settings);
  }

  /** Starts the process and waits until it answers. */
  static async start(settings: AgentSettings): Promise<AgentProcess> {
    const agent = AgentProcess.spawn(settings);
    await agent.ready();
    return agent;
  }

  /** Whether it was killed, or told to stop. */
  get toldToEnd(): boolean {
    return this.#toldToEnd;
  }

  /** What it has logged, the end of it. */
  get log(): string {
    return this.#log;
  }

  /** Waits until the agent answers. @throws Error with its log if it ends before that, or takes 20 s */
  async ready(): Promise<void> {
    await until("the agent answered", async () => {
      if (this.#status !== undefined) throw new Error(`the agent ended before it answered:\n${this.#log}`);
      return await this.ask("/livez").then(({ status }) => status === 200, () => false);
    });
  }

  /** Asks the agent's own HTTP. @throws Error if there is no answer, for one because the process is killed meanwhile */
  async ask(path: string, init: RequestInit = {}): Promise<LocalAnswer> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
    try {
      const response = await fetch(`http://localhost${path}`, {
        ...init,
        client: this.#client,
        signal: patience.signal,
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Posts events: as an array, or as text that is one body already. */
  post(events: readonly unknown[] | string): Promise<LocalAnswer> {
    const body = typeof events === "string" ? events : JSON.stringify(events);
    return this.ask("/v1/events", { method: "POST", body });
  }

  async status(): Promise<AgentStatus> {
    const { status, text } = await this.ask("/v1/status");
    if (status !== 200) throw new Error(`the agent answered ${status}: ${text}`);
    return JSON.parse(text);
  }

  /** What became of the events for the hub. */
  async server(): Promise<DestinationStatus> {
    const server = (await this.status()).destinations.find(({ name }) => name === "server");
    if (server === undefined) throw new Error("the agent tells nothing of its hub's queue");
    return server;
  }

  /** The value of the metrics' line that begins with `name`. */
  async metric(name: string): Promise<number> {
    const { text } = await this.ask("/metrics");
    const line = text.split("\n").find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    if (line === undefined) throw new Error(`the agent has no metric ${name}:\n${text}`);
    return Number(line.slice(line.lastIndexOf(" ")));
  }

  /** kill -9. Resolves when it is gone. @throws Error with its log if it has ended by itself */
  async kill(): Promise<void> {
    this.#mustLive();
    this.#send("SIGKILL");
    await this.#gone();
  }

  /** Stops it in order. @throws Error with its log unless it ends by itself, with 0 */
  async terminate(): Promise<void> {
    this.#mustLive();
    this.#send("SIGTERM");
    const status = await until("the agent stopped", () => this.#status);
    await this.#gone();
    if (status.code === 0) return;
    throw new Error(`the agent ended with ${status.code} ${status.signal ?? ""}:\n${this.#log}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#send("SIGKILL");
    await this.#gone();
  }

  async #gone(): Promise<void> {
    await this.#over;
    if (!this.#closed) this.#client.close();
    this.#closed = true;
  }

  #send(signal: Deno.Signal): void {
    this.#toldToEnd = true;
    try {
      if (this.#status === undefined) this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has just ended by itself
    }
  }

  /** @throws Error if the process ended and nobody asked it to. */
  #mustLive(): void {
    if (this.#status === undefined || this.#toldToEnd) return;
    throw new Error(`the agent ended by itself with ${this.#status.code}:\n${this.#log}`);
  }

  async #collect(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#log = (this.#log + text).slice(-KEPT_CHARS);
    }
  }
}
