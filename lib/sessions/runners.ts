/** The seams between a session and what does its work. Embedders pass their own; the agent brings defaults. */
import type { SessionParams, Stage } from "../protocol/mod.ts";
import type { ToolGate } from "../tools/tool_gate.ts";

/** What a piece of streamed output is. */
export type StreamStage = Exclude<Stage, "">;

/**
 * Takes a piece of output. Never throws. The promise resolves when there is room for more: a runner that awaits it
 * never fills the memory; one that does not may see output cut, with a marker in its place. After the session ended
 * or was cancelled, whatever is passed is discarded.
 */
export type StreamCallback = (stage: StreamStage, delta: string) => Promise<void>;

/** What an *inspect* (mode `inspect`) or *diagnose* (mode `alert`) session asks for. */
export interface DiagnoseRequest {
  /** Unique among the sessions that run. */
  readonly sessionId: string;
  /** `inspect`, or `alert` for a diagnosis. */
  readonly mode: "inspect" | "alert";
  /** What to look at; `system` is the whole host. */
  readonly plugin: string;
  /** Where; `localhost` is this host. */
  readonly target: string;
  /** Who asks, by the hub's word. */
  readonly userName: string;
  /** Everything the operator sent; for `alert`, it may carry the alert's text. */
  readonly params: SessionParams;
  /** What each run of a tool has to pass; absent where nobody keeps account of them. */
  readonly gate?: ToolGate;
}

/** Does the work of inspect and diagnose sessions. Several runs may be under way at once. */
export interface DiagnoseRunner {
  /**
   * Does one session's work.
   *
   * @param signal aborts when the session is cancelled or its connection ends; the runner should then settle within 1 s.
   * A limit of the host's has the signal abort, too: a report that comes within that second is still sent.
   *
   * @returns the report, in Markdown; `""` for none.
   * @throws whatever went wrong: its message reaches the operator as `diagnose_failed`.
   */
  run(request: DiagnoseRequest, stream: StreamCallback, signal: AbortSignal): Promise<string>;
}

/** What a *chat* session starts with. */
export interface ChatRequest {
  /** Unique among the sessions that run. */
  readonly sessionId: string;
  /** Who asks, by the hub's word. */
  readonly userName: string;
  /** A remote chat never gets a shell. */
  readonly allowShell: false;
  /** Everything the operator sent; the first turn is passed to `turn` by itself. */
  readonly params: SessionParams;
  /** What each run of a tool has to pass; absent where nobody keeps account of them. */
  readonly gate?: ToolGate;
}

/** Opens chats. Several may be open at once. */
export interface ChatRunner {
  /**
   * Opens one chat.
   *
   * @throws whatever went wrong: its message reaches the operator as `chat_init_failed`.
   */
  open(request: ChatRequest, signal: AbortSignal): Promise<ChatHandle>;
}

/** One open chat. Turns run one at a time. */
export interface ChatHandle {
  /**
   * Takes one turn.
   *
   * @returns the whole reply.
   * @throws whatever went wrong: it ends this turn with stage `error`, not the chat.
   */
  turn(message: string, stream: StreamCallback, signal: AbortSignal): Promise<string>;
  /** Called once, when the chat has ended. */
  close?(): void | Promise<void>;
}
