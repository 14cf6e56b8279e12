/** The life that sessions of every kind share: one final output, one slot given back, silence afterwards. */
import type { Logger } from "@logtape/logtape";
import type { Clock, TimerId } from "../clock.ts";
import type { SessionErrorCode, Stage } from "../protocol/mod.ts";
import type { SessionEnd } from "./audit.ts";
import { boundedReply } from "./bounded_text.ts";
import { errorText } from "./error_text.ts";
import { guardedAbort } from "./guarded_abort.ts";
import type { StreamCallback } from "./runners.ts";
import { SessionMeter } from "./limits.ts";
import type { FinalOutput, SessionLink } from "./session_link.ts";

/** How long the work of a cancelled session may take to settle before the session ends without it, in ms. */
export const CANCEL_GRACE_MS = 1000;

/** What a session's work can do to its session. All of it does nothing once the session was cancelled or ended. */
export interface SessionIo {
  /** Aborts when the session is cancelled. */
  readonly signal: AbortSignal;
  readonly stream: StreamCallback;
  /** Sends the end of a chat turn. */
  turnDone(stage: Stage, text: string): void;
  /** Sends `farewell` as an answer, then cancels the session. */
  expire(farewell: string): void;
}

/** What the kinds of sessions differ in. */
export interface SessionWork {
  /** What a rejected {@linkcode run} is reported as. */
  readonly failureCode: SessionErrorCode;
  /** Called once, or never where the session was cancelled first. @returns the report, `""` for none. */
  run(io: SessionIo): Promise<string>;
  /** Takes what the operator wrote; absent where the kind takes no input. @returns why it is refused. */
  input?(message: string): string | undefined;
  /** The session ended, after a cancel, although {@linkcode run} has not settled. */
  abandon?(): void;
}

/** A session that fails before it has any work to do. */
export interface SessionFailure {
  readonly code: SessionErrorCode;
  readonly message: string;
}

/** What a {@linkcode Session} is made with. */
export interface SessionOptions {
  id: string;
  type: string;
  link: SessionLink;
  clock: Clock;
  logger: Logger;
  /** Gives the slot back. Called once, when the work is over. */
  release: () => void;
  /** Counts what the session uses, and ends it where that is too much. @default without limits */
  meter?: SessionMeter;
  /** The work is over: called once, right after `release`. */
  onOver: (session: Session, end: SessionEnd) => void;
  /** The final output was handed to the socket. Never called once the connection has ended. */
  onSent: (session: Session) => void;
}

interface Ending {
  outcome: SessionEnd["outcome"];
  report?: string;
  failure?: SessionFailure;
}

/**
 * One session. First {@linkcode prepare} where the work has to wait, then {@linkcode run}, {@linkcode fail} or
 * {@linkcode discard}, once; {@linkcode input}, {@linkcode cancel} and {@linkcode detach} at any time. Nothing here
 * throws. Holds a timer while it runs for a limited time, and while a cancelled session winds down.
 */
export class Session implements SessionIo {
  readonly id: string;
  readonly #options: SessionOptions;
  readonly #startedMs: number;
  readonly #controller = new AbortController();
  readonly #over = Promise.withResolvers<void>();
  /** What the link said last about room, and what a runner may wait for because of it. */
  #room: Promise<void> | undefined;
  #passage: Promise<void> = Promise.resolve();
  readonly #blockedStreams = new Set<() => void>();
  #state: "running" | "cancelled" | "over" = "running";
  #link: SessionLink | undefined;
  #work: SessionWork | undefined;
  #cancelReason: string | undefined;
  #graceTimer: TimerId | undefined;
  #limitTimer: TimerId | undefined;
  #begun = false;
  /** What the operator is told at the end of a session that a limit has ended. */
  #note: string | undefined;
  readonly #meter: SessionMeter;

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.#options = options;
    this.#meter = options.meter ?? new SessionMeter({});
    this.#link = options.link;
    this.#startedMs = options.clock.monotonicMs();
  }

  /** Resolves when the work has settled or was abandoned. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the work may still say something. */
  get isOpen(): boolean {
    return this.#state === "running";
  }

  /** Takes input from now on; {@linkcode run} follows, or {@linkcode discard}. */
  prepare(work: SessionWork): void {
    this.#work = work;
  }

  /** Begins the work, unless the session was cancelled before. */
  run(work: SessionWork): void {
    this.#begun = true;
    if (this.#state === "cancelled") return this.#end({ outcome: "cancelled" });
    this.#work = work;
    const { maxMs } = this.#meter;
    if (maxMs !== undefined) {
      const limit = maxMs === 60_000 ? "1 minute" : `${maxMs / 60_000} minutes`;
      this.#limitTimer = this.#options.clock.setTimeout(() => this.#spend(limit), maxMs);
    }
    // A runner may throw before it returns a promise: an async function makes that a rejection like any other.
    (async () => await work.run(this))().then(
      (report) => this.#settled({ outcome: "finished", report }),
      (error) => {
        const failure = { code: work.failureCode, message: errorText(error) };
        this.#settled({ outcome: "failed", failure });
      },
    );
  }

  /** Ends the session with an error, at once. */
  fail(failure: SessionFailure): void {
    this.#settled({ outcome: "failed", failure });
  }

  /** The session never began: its slot is given back, and nothing is sent. */
  discard(reason: string): void {
    if (this.#state === "over") return;
    this.#cancelReason = reason;
    this.#link = undefined;
    this.#end({ outcome: "cancelled" });
  }

  /** @returns why the message is not taken, in the words of the protocol. */
  input(message: string): string | undefined {
    if (this.#state !== "running" || this.#work === undefined) return "session not found";
    if (this.#work.input === undefined) return "not a chat session";
    return this.#work.input(message);
  }

  /** Aborts the work; the session ends when that has settled, {@linkcode CANCEL_GRACE_MS} later at most. */
  cancel(reason: string): void {
    if (this.#state !== "running") return;
    this.#state = "cancelled";
    this.#cancelReason = reason;
    const { clock, logger } = this.#options;
    if (this.#begun) this.#graceTimer = clock.setTimeout(() => this.#abandon(), CANCEL_GRACE_MS);
    this.#freeStreams();
    guardedAbort(
      this.#controller,
      new DOMException(`the session was cancelled: ${reason}`, "AbortError"),
      (error) => logger.warn("session.abort_listener_failed", { session: this.id, error: errorText(error) }),
    );
  }

  /** The connection has ended: nothing is sent any more. Cancel as well. */
  detach(): void {
    this.#link = undefined;
  }

  readonly stream: StreamCallback = (stage, delta) => {
    const link = this.#liveLink();
    if (link === undefined || typeof delta !== "string") return Promise.resolve();
    const said = this.#meter.say(delta);
    if (said !== delta) {
      if (said !== "") link.output(this.id, stage, said);
      this.#endWhereSpent();
      return Promise.resolve();
    }
    const room = link.output(this.id, stage, delta);
    // Deltas that come while there is no room share one promise: there may be very many of them.
    if (room !== this.#room) {
      this.#room = room;
      this.#passage = this.#passageTo(room);
    }
    return this.#passage;
  };

  /** Resolves when `room` does, or when the session has ended: a runner must never hang on its output. */
  #passageTo(room: Promise<void>): Promise<void> {
    // Resolvers in a set rather than a race against one promise: a race would hold on to every one of them.
    const { promise, resolve } = Promise.withResolvers<void>();
    const free = (): void => {
      this.#blockedStreams.delete(free);
      resolve();
    };
    this.#blockedStreams.add(free);
    room.then(free, free);
    return promise;
  }

  turnDone(stage: Stage, text: string): void {
    const link = this.#liveLink();
    if (link === undefined) return;
    link.turnDone(this.id, stage, this.#metered(text));
    this.#meter.turn();
    this.#endWhereSpent();
  }

  /** A whole text, or as much of it as may still be said, with a word on what is missing. */
  #metered(text: string): string {
    const { outputLeft } = this.#meter;
    const said = this.#meter.say(text);
    return said === text ? text : boundedReply(text, outputLeft);
  }

  expire(farewell: string): void {
    this.stream("answer", farewell);
    this.cancel("idle");
  }

  #endWhereSpent(): void {
    if (this.#meter.spent !== undefined) this.#spend(this.#meter.spent);
  }

  /** A limit of the host's is reached: the work is told to stop, and what it has to say at once is still taken. */
  #spend(limit: string): void {
    if (this.#state !== "running") return;
    this.#meter.spend(limit);
    this.#note = `This session has ended: it has reached this host's limit of ${limit}.`;
    this.cancel(`the limit of ${limit} is reached`);
  }

  #liveLink(): SessionLink | undefined {
    return this.#state === "running" ? this.#link : undefined;
  }

  #freeStreams(): void {
    for (const free of [...this.#blockedStreams]) free();
  }

  #settled(ending: Ending): void {
    const error = ending.failure?.message;
    if (this.#state === "over") {
      // The session ended without this work; its id and slot may be another's by now.
      this.#options.logger.debug("session.settled_late", {
        session: this.id,
        outcome: ending.outcome,
        ...(error !== undefined && { error }),
      });
    } else if (this.#state === "cancelled") {
      // What the work came to is discarded, but for what a limit has cut short; only the log still tells of it.
      if (error !== undefined) {
        this.#options.logger.debug("session.failed_after_cancel", { session: this.id, error });
      }
      const { report } = ending;
      if (this.#note === undefined) this.#end({ outcome: "cancelled" });
      else this.#end({ outcome: "limited", ...(report !== undefined && { report }) });
    } else this.#end(ending);
  }

  #abandon(): void {
    this.#end({ outcome: "abandoned" });
    this.#work?.abandon?.();
  }

  #end({ outcome, report, failure }: Ending): void {
    const { type, clock, logger, release, onOver, onSent } = this.#options;
    this.#state = "over"; // first: nothing that is called from here on may end it again
    if (this.#graceTimer !== undefined) clock.clearTimeout(this.#graceTimer);
    if (this.#limitTimer !== undefined) clock.clearTimeout(this.#limitTimer);
    this.#freeStreams();
    try {
      release();
    } catch (error) {
      logger.error("session.release_failed", { session: this.id, error: errorText(error) });
    }
    const last = this.#lastWord(report);
    const durationMs = Math.round(clock.monotonicMs() - this.#startedMs);
    const reason = failure?.message ?? this.#cancelReason;
    onOver(this, { outcome, reason, durationMs, use: this.#meter.use });
    if (failure !== undefined) this.#link?.error(this.id, failure.code, failure.message);
    this.#link?.final(this.id, last, () => onSent(this));
    const fields = {
      session: this.id,
      type,
      outcome,
      durationMs,
      ...(failure !== undefined && { code: failure.code, error: failure.message }),
      ...(this.#cancelReason !== undefined && { reason: this.#cancelReason }),
    };
    if (outcome === "failed" || outcome === "abandoned") logger.warn("session.ended", fields);
    else logger.info("session.ended", fields);
    this.#over.resolve();
  }

  /** The report and, where a limit was reached, a word on it: a report that lacks something has to say so. */
  #lastWord(report: string | undefined): FinalOutput {
    if (!report) return this.#note === undefined ? {} : { delta: this.#note, stage: "answer" };
    const said = this.#metered(report);
    const { spent } = this.#meter;
    const note = this.#note ??
      (spent === undefined ? undefined : `This session has reached this host's limit of ${spent}.`);
    return { report: note === undefined ? said : `${said}\n\n${note}` };
  }
}
