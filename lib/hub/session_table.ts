/** The sessions of one connection: starts them, and brings each answer to the session that it belongs to. */
import type {
  Capability,
  MessageAuth,
  MessageToAgent,
  SessionError,
  SessionOutput,
  SignedMessage,
} from "../protocol/mod.ts";
import type { Answer, HubSession, SessionFinal, SessionRequest } from "./hub_session.ts";
import type { MessageSigner } from "./message_signer.ts";
import { OutputQueue } from "./output_queue.ts";

/** What the table needs of its connection. */
export interface SessionTableOptions {
  agentId: string;
  send: (message: MessageToAgent) => void;
  newId: () => string;
  capabilities: ReadonlySet<Capability>;
  /** Used where `signed_sessions` was agreed upon. */
  signer: MessageSigner | undefined;
  /** Called once per session. */
  onEnded: (sessionId: string, final: SessionFinal) => void;
  /** See {@linkcode OutputQueue}. */
  maxOutputChars: number;
}

interface Live {
  /** How many signed messages have followed the start. */
  followed: number;
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

  /**
   * Sends a `session_start`.
   * @throws TypeError or RangeError for parameters that cannot be sent, or not be signed where that was agreed upon
   */
  start({ type, userName, params = {} }: SessionRequest): HubSession {
    const { agentId, newId, send, maxOutputChars, onEnded } = this.#options;
    const sessionId = newId();
    const asked = {
      session_id: sessionId,
      session_type: type,
      user_name: userName.toWellFormed(),
      params: sendable({ plugin: "", target: "", message: "", ...params }),
    };
    const payload = { ...asked, ...this.#auth({ type: "session_start", ...asked }) };
    const outputs = new OutputQueue(maxOutputChars);
    const final = Promise.withResolvers<SessionFinal>();
    const settle = (how: SessionFinal) => {
      if (!this.#live.delete(sessionId)) return;
      outputs.end();
      final.resolve(how);
      onEnded(sessionId, how);
    };
    this.#live.set(sessionId, { followed: 0, outputs, settle, failure: undefined });
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
        const type = "session_cancel";
        const asked = { session_id: sessionId, reason: reason.toWellFormed() };
        send({ type, id: newId(), payload: { ...asked, ...this.#auth({ type, ...asked }) } });
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
    const type = "session_input";
    const asked = { session_id: sessionId, message: message.toWellFormed() };
    const turn: MessageToAgent = {
      type,
      id: newId(),
      payload: { ...asked, ...this.#auth({ type, ...asked }) },
    };
    if (capabilities.has("session_input_ack")) return this.#ask(turn);
    send(turn);
    return Promise.resolve({ ok: true });
  }

  /** The signature of a message, where the agent wants one. */
  #auth(message: SignedMessage): { auth: MessageAuth } | undefined {
    const { capabilities, signer } = this.#options;
    if (signer === undefined || !capabilities.has("signed_sessions")) return undefined;
    if (message.type === "session_start") return { auth: signer.sign(message) };
    const live = this.#live.get(message.session_id);
    return live && { auth: signer.sign(message, ++live.followed) };
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

/** What will arrive of `params`: a signature vouches for that, and lone surrogates have no place in it. */
function sendable<Params extends object>(params: Params): Params {
  return JSON.parse(
    JSON.stringify(params),
    (_name, value) => typeof value === "string" ? value.toWellFormed() : value,
  );
}

const ENDED: Answer = { ok: false, error: "the session has ended" };
