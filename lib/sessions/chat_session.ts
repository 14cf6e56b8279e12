/** Chat sessions: turns one at a time, a short queue, an end when nobody writes. */
import type { Logger } from "@logtape/logtape";
import type { Clock, TimerId } from "../clock.ts";
import type { SessionStart } from "../protocol/mod.ts";
import type { ToolGate } from "../tools/tool_gate.ts";
import { boundedReply } from "./bounded_text.ts";
import { errorText } from "./error_text.ts";
import type { ChatHandle, ChatRunner } from "./runners.ts";
import type { SessionIo, SessionWork } from "./session.ts";

/** How many turns may wait; the one that runs is not counted. */
export const MAX_WAITING_TURNS = 8;

/** What a {@linkcode ChatSession} is made with. */
export interface ChatSessionOptions {
  runner: ChatRunner;
  clock: Clock;
  logger: Logger;
  /** How long no turn may run or wait before the chat ends. */
  idleMs: number;
  /** The longest reply. */
  maxReplyBytes: number;
  /** What the tools of this chat have to pass. */
  gate?: ToolGate | undefined;
}

/** The work of one chat. Messages are taken from the moment it is made, and wait until the chat is open. */
export class ChatSession implements SessionWork {
  readonly failureCode = "chat_init_failed";
  readonly #start: SessionStart;
  readonly #options: ChatSessionOptions;
  readonly #waiting: string[] = [];
  #handle: ChatHandle | undefined;
  #wake: (() => void) | undefined;
  #idleTimer: TimerId | undefined;

  constructor(start: SessionStart, options: ChatSessionOptions) {
    this.#start = start;
    this.#options = options;
    this.input(start.params.message);
  }

  async run(io: SessionIo): Promise<string> {
    io.signal.addEventListener("abort", () => this.#stir(), { once: true });
    if (this.#waiting.length === 0) this.#armIdleTimer(io);
    try {
      this.#handle = await this.#open(io.signal);
    } finally {
      this.#disarmIdleTimer();
    }
    await this.#runTurns(this.#handle, io);
    await this.#close();
    return "";
  }

  input(message: string): string | undefined {
    if (message.trim() === "") return undefined;
    // While the chat rests, the first message to come is as good as running: it does not count as waiting.
    const capacity = this.#wake === undefined ? MAX_WAITING_TURNS : MAX_WAITING_TURNS + 1;
    if (this.#waiting.length >= capacity) return "input queue full";
    this.#waiting.push(message);
    this.#stir();
    return undefined;
  }

  abandon(): void {
    this.#close(); // a turn that never settles must not keep the chat open
  }

  async #open(signal: AbortSignal): Promise<ChatHandle> {
    const { session_id: sessionId, user_name: userName, params } = this.#start;
    const { gate } = this.#options;
    const request = { sessionId, userName, params, allowShell: false, ...(gate && { gate }) } as const;
    const handle: ChatHandle | undefined | null = await this.#options.runner.open(request, signal);
    if (typeof handle?.turn !== "function") {
      throw new TypeError("cannot use the chat: the runner returned nothing that takes turns");
    }
    return handle;
  }

  async #runTurns(handle: ChatHandle, io: SessionIo): Promise<void> {
    while (!io.signal.aborted) {
      const message = this.#waiting.shift();
      this.#wake = undefined;
      if (message === undefined) await this.#rest(io);
      else await this.#runTurn(handle, message, io);
    }
  }

  async #runTurn(handle: ChatHandle, message: string, io: SessionIo): Promise<void> {
    let over = false;
    try {
      const reply: unknown = await handle.turn(
        message,
        // What a turn emits after its end would read as part of the next one.
        (stage, delta) => over ? Promise.resolve() : io.stream(stage, delta),
        io.signal,
      );
      if (typeof reply !== "string") {
        throw new TypeError(`cannot use the reply: the runner returned ${typeof reply} instead of text`);
      }
      io.turnDone("answer", boundedReply(reply, this.#options.maxReplyBytes));
    } catch (error) {
      const text = errorText(error);
      const session = this.#start.session_id;
      if (io.signal.aborted) {
        this.#options.logger.debug("session.failed_after_cancel", { session, error: text });
      } else this.#options.logger.warn("session.turn_failed", { session, error: text });
      io.turnDone("error", text);
    } finally {
      over = true;
    }
  }

  /** Waits for a message or for the end. */
  #rest(io: SessionIo): Promise<void> {
    this.#armIdleTimer(io);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #stir(): void {
    this.#disarmIdleTimer();
    this.#wake?.(); // stays set until the loop has taken the message: see input()
  }

  #armIdleTimer(io: SessionIo): void {
    const { clock, idleMs } = this.#options;
    const farewell = `This chat has ended: nobody wrote for ${duration(idleMs)}.`;
    this.#disarmIdleTimer();
    this.#idleTimer = clock.setTimeout(() => io.expire(farewell), idleMs);
  }

  #disarmIdleTimer(): void {
    if (this.#idleTimer !== undefined) this.#options.clock.clearTimeout(this.#idleTimer);
    this.#idleTimer = undefined;
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined; // first: closed once, whoever asks
    try {
      await handle?.close?.();
    } catch (error) {
      const session = this.#start.session_id;
      this.#options.logger.warn("session.chat_close_failed", { session, error: errorText(error) });
    }
  }
}

function duration(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
