import type { Logger } from "@logtape/logtape";
import type { Clock, TimerId } from "../clock.ts";
import type { Heartbeat } from "../protocol/mod.ts";
import { Deadline } from "./deadline.ts";
import type { Outbox } from "./outbox.ts";

/** Options of {@linkcode Heart}. */
export interface HeartOptions {
  outbox: Outbox;
  clock: Clock;
  logger: Logger;
  /** Fills in a heartbeat; asked for one at a time. */
  ask: () => Promise<Heartbeat>;
  /** Whether the hub acks heartbeats. */
  acked: boolean;
  /** From one heartbeat to the next. */
  intervalMs: number;
  /** How long an ack may take, from when the heartbeat was written. */
  ackMs: number;
  /** Called when a heartbeat waits in the outbox. */
  onBeat: (heartbeat: Heartbeat) => void;
  /** Called once, when an ack is missing. */
  onUnanswered: (reason: string) => void;
}

/** Beats at once and then every interval, until disposed of; watches over the acks where the hub sends them. */
export class Heart implements Disposable {
  readonly #options: HeartOptions;
  #timer: TimerId | undefined;
  #asking = false;
  #stopped = false;
  /** What waits for its ack, and until when; without limit until it is written. */
  #unacked: { id: string; deadline: Deadline | undefined } | undefined;

  constructor(options: HeartOptions) {
    this.#options = options;
    this.#beat();
  }

  /** The hub answered the message `refId`. @returns whether that was a heartbeat */
  acked(refId: string): boolean {
    if (this.#unacked?.id !== refId) return false;
    this.#unacked.deadline?.[Symbol.dispose]();
    this.#unacked = undefined;
    return true;
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#unacked?.deadline?.[Symbol.dispose]();
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
  }

  /** Beats on whatever becomes of this one beat. */
  #beat(): void {
    const { clock, logger, intervalMs } = this.#options;
    this.#timer = clock.setTimeout(() => this.#beat(), intervalMs);
    if (this.#asking) logger.warn("link.heartbeat_late");
    else this.#fillIn();
  }

  async #fillIn(): Promise<void> {
    const { ask, logger } = this.#options;
    this.#asking = true;
    try {
      this.#send(await ask());
    } catch (error) {
      // A heartbeat that cannot be filled in is left out: made-up figures would be worse.
      logger.error("link.heartbeat_failed", { error });
    }
    this.#asking = false;
  }

  #send(payload: Heartbeat): void {
    if (this.#stopped) return;
    const { outbox, acked, onBeat } = this.#options;
    const id = crypto.randomUUID();
    outbox.setHeartbeat({ type: "heartbeat", id, payload }, acked ? this.#expectAck(id) : {});
    onBeat(payload);
  }

  /** The hub's time starts when the heartbeat is out, for on a slow line much may be written before it. */
  #expectAck(id: string): { onSent: () => void; onWritten: () => void } {
    const { clock, ackMs: delayMs, onUnanswered } = this.#options;
    const onPassed = () => onUnanswered(`the hub did not answer a heartbeat within ${delayMs} ms`);
    return {
      onSent: () => this.#unacked ??= { id, deadline: undefined },
      onWritten: () => {
        if (this.#unacked?.id !== id || this.#stopped) return;
        this.#unacked.deadline = new Deadline({ clock, delayMs, onPassed });
      },
    };
  }
}
