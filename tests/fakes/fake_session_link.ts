import type { SessionErrorCode, Stage } from "../../lib/protocol/mod.ts";
import type { FinalOutput, SessionLink } from "../../lib/sessions/session_link.ts";

/** What was passed to a {@linkcode FakeSessionLink}. */
export type LinkRecord =
  | { kind: "ack"; refId: string; error?: string }
  | { kind: "output"; sessionId: string; stage: Stage; delta: string }
  | { kind: "turnDone"; sessionId: string; stage: Stage; delta: string }
  | { kind: "error"; sessionId: string; code: SessionErrorCode; message: string }
  | { kind: "final"; sessionId: string; output: FinalOutput };

/** The sending side of a connection that a test looks into. */
export class FakeSessionLink implements SessionLink {
  /** Everything sent, in order. */
  readonly records: LinkRecord[] = [];
  /** While true, final outputs wait for {@linkcode sendFinals}; otherwise each is sent at once. */
  holdFinals = false;
  /** While true, there is no room for output: its promises wait for {@linkcode makeRoom}. */
  full = false;
  #ended = false;
  #unsent: (() => void)[] = [];
  #blocked: (() => void)[] = [];

  ack(refId: string, error?: string): void {
    this.#record({ kind: "ack", refId, ...(error !== undefined && { error }) });
  }

  output(sessionId: string, stage: Stage, delta: string): Promise<void> {
    this.#record({ kind: "output", sessionId, stage, delta });
    if (!this.full || this.#ended) return Promise.resolve();
    return new Promise((resolve) => this.#blocked.push(resolve));
  }

  turnDone(sessionId: string, stage: Stage, delta: string): void {
    this.#record({ kind: "turnDone", sessionId, stage, delta });
  }

  error(sessionId: string, code: SessionErrorCode, message: string): void {
    this.#record({ kind: "error", sessionId, code, message });
  }

  final(sessionId: string, output: FinalOutput, onSent: () => void): void {
    this.#record({ kind: "final", sessionId, output });
    if (this.#ended) return;
    if (this.holdFinals) this.#unsent.push(onSent);
    else onSent();
  }

  /** Hands the waiting final outputs to the socket. */
  sendFinals(): void {
    const unsent = this.#unsent;
    this.#unsent = [];
    for (const onSent of unsent) onSent();
  }

  /** There is room for output again. */
  makeRoom(): void {
    const blocked = this.#blocked;
    this.#blocked = [];
    for (const resolve of blocked) resolve();
  }

  /** The connection ends: nothing is recorded or called back any more. */
  end(): void {
    this.#ended = true;
    this.#unsent = [];
    this.makeRoom();
  }

  /** What was sent about one session, without acks. */
  of(sessionId: string): LinkRecord[] {
    return this.records.filter((record) => record.kind !== "ack" && record.sessionId === sessionId);
  }

  /** The answer to message `refId`: its error, `""` when it was accepted, undefined when there is none. */
  answer(refId: string): string | undefined {
    const acks = this.records.filter((record) => record.kind === "ack" && record.refId === refId);
    if (acks.length > 1) throw new Error(`message ${refId} was answered ${acks.length} times`);
    const [ack] = acks;
    return ack?.kind === "ack" ? ack.error ?? "" : undefined;
  }

  #record(record: LinkRecord): void {
    if (!this.#ended) this.records.push(record);
  }
}
