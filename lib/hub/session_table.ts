/** The sessions of one connection: starts them, and brings each answer to the session that it belongs to. */
import type { Capability, MessageToAgent, SessionError, SessionOutput } from "../protocol/mod.ts";
import type { Answer, HubSession, SessionFinal, SessionRequest } from "./hub_session.ts";
import { OutputQueue } from "./output_queue.ts";

/** What the table needs of its connection. */
export interface SessionTableOptions {
  agentId: string;
  send: (message: MessageToAgent) => void;
  newId: () => string;
  capabilities: ReadonlySet<Capability>;
  /** Called once per session. */
  onEnded: (sessionId: string, final: SessionFinal) => void;
  /** See {@linkcode OutputQueue}. */
  maxOutputChars: number;
}

interface Live {
  readonly outputs: OutputQueue;
  /** Settles both promises of the session. */
  readonly settle: (final: SessionFinal) => void;
  failure: SessionError | undefined;
}

/** Nothing here waits. After {@linkcode SessionTable.end} no session starts. */
export class SessionTable {
  readonly #options: SessionTableOptions;
  readonly #live = new Map<string, Live>();
  /** Who waits for the answer to which message. */
  readonly #unanswered = new Map<string, (answer: Answer) => void>();
  #ended: string | undefined;

  constructor(options: SessionTableOptions) {
    this.#options = options;
  }

  /** Sends a `session_start`. */
  start({ type, userName, params = {} }: SessionRequest): HubSession {
    const { agentId, newId, send, maxOutputChars, onEnded } = this.#options;
    const sessionId = newId();
    const outputs = new OutputQueue(maxOutputChars);
    const final = Promise.withResolvers<SessionFinal>();
    const settle = (how: SessionFinal) => {
      if (!this.#live.delete(sessionId)) return;
      outputs.end();
      final.resolve(how);
      onEnded(sessionId, how);
    };
    this.#live.set(sessionId, { outputs, settle, failure: undefined });
    const payload = {
      session_id: sessionId,
      session_type: type,
      user_name: userName,
      params: { plugin: "", target: "", message: "", ...params },
    };
    const accepted = this.#ask({ type: "session_start", id: newId(), payload }, (answer) => {
      if (!answer.ok) settle({ error: answer.error ?? "refused" });
    });
    const isLive = () => this.#live.has(sessionId);
    return {
      sessionId,
      agentId,
      accepted,
      outputs,
      get droppedOutputs() {
        return outputs.dropped;
      },
      final: final.promise,
      input: (message) => isLive() ? this.#input(sessionId, message) : Promise.resolve(ENDED),
      cancel: (reason) => {
        if (!isLive()) return;
        send({ type: "session_cancel", id: newId(), payload: { session_id: sessionId, reason } });
      },
    };
  }

  /** An `ack` came. Returns whether anyone waited for it. */
  onAck(refId: string | undefined, answer: Answer): boolean {
    const resolve = refId === undefined ? undefined : this.#unanswered.get(refId);
    resolve?.(answer);
    return resolve !== undefined;
  }

  has(sessionId: string): boolean {
    return this.#live.has(sessionId);
  }

  /** A `session_output` came; one of an unknown session is ignored. */
  onOutput(output: SessionOutput): void {
    const live = this.#live.get(output.session_id);
    if (live === undefined) return;
    live.outputs.push(output);
    if (!output.done) return;
    const { failure } = live;
    live.settle({
      ...(output.report !== undefined && { report: output.report }),
      ...(failure && { error: failure.error, code: failure.code }),
    });
  }

  /** A `session_error` came: the reason that the final output will lack. */
  onError(failure: SessionError): void {
    const live = this.#live.get(failure.session_id);
    if (live) live.failure = failure;
  }

  /** The connection is over: every session ends, and whoever waits is told why. */
  end(reason: string): void {
    this.#ended = reason;
    for (const { settle } of [...this.#live.values()]) settle({ error: reason });
    for (const resolve of [...this.#unanswered.values()]) resolve({ ok: false, error: reason });
  }

  #input(sessionId: string, message: string): Promise<Answer> {
    const { capabilities, newId, send } = this.#options;
    const turn: MessageToAgent = {
      type: "session_input",
      id: newId(),
      payload: { session_id: sessionId, message },
    };
    if (capabilities.has("session_input_ack")) return this.#ask(turn);
    send(turn);
    return Promise.resolve({ ok: true });
  }

  /** Sends `message`; `onAnswer` runs before the promise's own listeners, in the order of the wire. */
  #ask(message: MessageToAgent, onAnswer?: (answer: Answer) => void): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const answered = (answer: Answer) => {
      this.#unanswered.delete(message.id);
      resolve(answer);
      onAnswer?.(answer);
    };
    if (this.#ended !== undefined) answered({ ok: false, error: this.#ended });
    else {
      this.#unanswered.set(message.id, answered);
      this.#options.send(message);
    }
    return promise;
  }
}

const ENDED: Answer = { ok: false, error: "the session has ended" };
