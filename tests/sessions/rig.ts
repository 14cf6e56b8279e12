import type { SessionStart } from "../../lib/protocol/mod.ts";
import { Dispatcher, type DispatcherOptions } from "../../lib/sessions/dispatcher.ts";
import { SessionLimiter } from "../../lib/sessions/limiter.ts";
import type {
  ChatHandle,
  ChatRequest,
  ChatRunner,
  DiagnoseRequest,
  DiagnoseRunner,
  StreamCallback,
} from "../../lib/sessions/runners.ts";
import type { SessionScope } from "../../lib/sessions/session_scope.ts";
import { FakeClock, settle } from "../fakes/fake_clock.ts";
import { FakeSessionLink } from "../fakes/fake_session_link.ts";

/** Something a runner was asked to do, which the test settles by hand. */
export interface Job<Request, Result> {
  request: Request;
  stream: StreamCallback;
  signal: AbortSignal;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/** Settles nothing by itself. */
export class FakeDiagnoseRunner implements DiagnoseRunner {
  readonly runs: Job<DiagnoseRequest, string>[] = [];

  run(request: DiagnoseRequest, stream: StreamCallback, signal: AbortSignal): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.runs.push({ request, stream, signal, resolve, reject });
    return promise;
  }
}

/** An open chat whose turns the test settles. */
export class FakeChat implements ChatHandle {
  readonly turns: Job<string, string>[] = [];
  closed = 0;
  /** What `close` returns. */
  closing: Promise<void> = Promise.resolve();

  turn(request: string, stream: StreamCallback, signal: AbortSignal): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.turns.push({ request, stream, signal, resolve, reject });
    return promise;
  }

  close(): Promise<void> {
    this.closed++;
    return this.closing;
  }
}

/** Opens chats at once, unless told to hold them. */
export class FakeChatRunner implements ChatRunner {
  /** While true, the test settles what is in {@linkcode opens}. */
  hold = false;
  readonly opens: Omit<Job<ChatRequest, ChatHandle>, "stream">[] = [];
  readonly chats: FakeChat[] = [];

  open(request: ChatRequest, signal: AbortSignal): Promise<ChatHandle> {
    const { promise, resolve, reject } = Promise.withResolvers<ChatHandle>();
    this.opens.push({ request, signal, resolve, reject });
    if (!this.hold) {
      const chat = new FakeChat();
      this.chats.push(chat);
      resolve(chat);
    }
    return promise;
  }
}

/** A dispatcher with hand-driven runners and one connection. */
export class Rig {
  readonly clock = new FakeClock();
  readonly diagnose = new FakeDiagnoseRunner();
  readonly chat = new FakeChatRunner();
  readonly limiter: SessionLimiter;
  readonly dispatcher: Dispatcher;
  link: FakeSessionLink;
  scope: SessionScope;
  readonly #capabilities: string[];
  #messages = 0;

  constructor(
    { limit = 3, capabilities = [], ...options }: DispatcherOptions & {
      limit?: number;
      capabilities?: string[];
    } = {},
  ) {
    this.limiter = new SessionLimiter({ limit });
    this.#capabilities = capabilities;
    this.dispatcher = new Dispatcher({
      diagnoseRunner: this.diagnose,
      chatRunner: this.chat,
      limiter: this.limiter,
      clock: this.clock,
      ...options,
    });
    ({ link: this.link, scope: this.scope } = this.#connect());
  }

  /** The connection ends, and a new one stands. The promise is that of the old scope's end. */
  reconnect(): { closed: Promise<void> } {
    this.link.end();
    const closed = this.scope.close("the connection was lost");
    ({ link: this.link, scope: this.scope } = this.#connect());
    return { closed };
  }

  /** Sends a `session_start`. @returns its ack's error, `""` when it was accepted. */
  start(sessionType: string, sessionId = "s1", params: Record<string, unknown> = {}): string | undefined {
    return this.startRaw({
      session_id: sessionId,
      session_type: sessionType,
      user_name: "ada",
      params: { plugin: "", target: "", message: "", ...params },
    });
  }

  startRaw(start: SessionStart | undefined): string | undefined {
    const messageId = `m${++this.#messages}`;
    this.scope.start(messageId, start);
    return this.link.answer(messageId);
  }

  /** Sends a `session_input`. @returns its ack's error, `""` when it was accepted, undefined without an ack. */
  input(message: string, sessionId = "s1"): string | undefined {
    const messageId = `m${++this.#messages}`;
    this.scope.input(messageId, sessionId, message);
    return this.link.answer(messageId);
  }

  /** Opens a chat that has had no turn yet. */
  async openChat(sessionId = "s1"): Promise<FakeChat> {
    this.start("chat", sessionId);
    await settle();
    return this.chat.chats.at(-1) ?? fail("no chat was opened");
  }

  /** What was sent about a session, briefly: `output answer:text`, `final`, … */
  said(sessionId = "s1"): string[] {
    return this.link.of(sessionId).map((record) => {
      switch (record.kind) {
        case "output":
        case "turnDone":
          return `${record.kind} ${record.stage}:${record.delta}`;
        case "error":
          return `error ${record.code}: ${record.message}`;
        case "final":
          return ["final", ...Object.entries(record.output).map(([key, value]) => `${key}=${value}`)]
            .join(" ");
        case "ack":
          return "ack";
      }
    });
  }

  #connect(): { link: FakeSessionLink; scope: SessionScope } {
    const link = new FakeSessionLink();
    return { link, scope: this.dispatcher.open(link, { capabilities: this.#capabilities }) };
  }
}

/** The job that must be there. */
export function job<T>(jobs: readonly T[], index = -1): T {
  return jobs.at(index) ?? fail(`the runner was not asked (${jobs.length} jobs)`);
}

function fail(message: string): never {
  throw new Error(message);
}
