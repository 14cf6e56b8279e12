import { setImmediate } from "node:timers/promises";
import type { MessageToHub, SessionErrorCode, SessionOutput, Stage } from "../protocol/mod.ts";
import type { Outbox } from "./outbox.ts";
import type { SessionOutlet } from "./ports.ts";

/** Options of {@linkcode OutboxSessionOutlet}. */
export interface OutboxSessionOutletOptions {
  outbox: Outbox;
  newId: () => string;
  /** Called after each change to the outbox. */
  wake: () => void;
  /** Called when answers pile up beyond their bound. */
  onFlooded: () => void;
}

const DONE = Promise.resolve();

/**
 * After so much output a producer waits for the event loop's next turn. Promises that are resolved already let a busy
 * producer run on without end, and no timer, heartbeat or message would get through meanwhile.
 */
const BREATH_SIZE = 64 * 1024;

/** The sending side of one connection, as its sessions see it: everything goes through the outbox. */
export class OutboxSessionOutlet implements SessionOutlet {
  readonly #outbox: Outbox;
  readonly #newId: () => string;
  readonly #wake: () => void;
  readonly #onFlooded: () => void;
  /** One promise for all who wait, however many deltas they push meanwhile. */
  #room: PromiseWithResolvers<void> | undefined;
  #breath: Promise<void> | undefined;
  #sizeSinceBreath = 0;
  #closed = false;

  constructor({ outbox, newId, wake, onFlooded }: OutboxSessionOutletOptions) {
    this.#outbox = outbox;
    this.#newId = newId;
    this.#wake = wake;
    this.#onFlooded = onFlooded;
  }

  /** The connection has ended: nothing is queued any more, and nobody waits for room. */
  close(): void {
    this.#closed = true;
    this.#releaseWaiters();
  }

  /** There may be room again. */
  roomChanged(): void {
    if (this.#room !== undefined && this.#outbox.comfortable) this.#releaseWaiters();
  }

  ack(refId: string, error?: string): void {
    if (this.#closed) return;
    const payload = error === undefined ? { ok: true } : { ok: false, error };
    if (!this.#outbox.pushControl({ type: "ack", id: this.#newId(), ref_id: refId, payload })) {
      this.#onFlooded();
    }
    this.#wake();
  }

  output(sessionId: string, stage: Stage, delta: string): Promise<void> {
    if (this.#closed) return DONE;
    this.#outbox.pushDelta(sessionId, stage, delta);
    this.#wake();
    this.#sizeSinceBreath += delta.length;
    if (!this.#outbox.comfortable) return (this.#room ??= Promise.withResolvers()).promise;
    return this.#sizeSinceBreath < BREATH_SIZE ? DONE : this.#breath ??= this.#breathe();
  }

  turnDone(sessionId: string, stage: Stage, delta: string): void {
    this.#output({ session_id: sessionId, delta, stage, done: false, metadata: { turn_done: true } });
  }

  error(sessionId: string, code: SessionErrorCode, message: string): void {
    const payload = { session_id: sessionId, error: message, code };
    this.#push(sessionId, { type: "session_error", id: this.#newId(), payload });
  }

  final(
    sessionId: string,
    { delta = "", stage = "", report }: { delta?: string; stage?: Stage; report?: string },
    onSent: () => void,
  ): void {
    this.#output({ session_id: sessionId, delta, stage, done: true, ...(report && { report }) }, onSent);
  }

  #output(payload: SessionOutput, onSent?: () => void): void {
    this.#push(payload.session_id, { type: "session_output", id: this.#newId(), payload }, onSent);
  }

  #push(sessionId: string, message: MessageToHub, onSent?: () => void): void {
    if (this.#closed) return;
    this.#outbox.pushMessage(sessionId, message, onSent);
    this.#wake();
  }

  async #breathe(): Promise<void> {
    await setImmediate();
    this.#sizeSinceBreath = 0;
    this.#breath = undefined;
  }

  #releaseWaiters(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
