import { encode, type MessageToHub, type Stage } from "../protocol/mod.ts";

const KIB = 1024;

/** A message ready to be written. */
export interface Outgoing {
  readonly text: string;
  /** Called when the message has been handed to the socket. */
  readonly onSent?: (() => void) | undefined;
  /** Called when the socket has handed the message to the operating system. */
  readonly onWritten?: (() => void) | undefined;
}

/** Where alert batches are pulled from. Cutting a batch as late as here lets batches form by themselves. */
export interface OutgoingSource {
  /** @param idle whether nothing is being written: if so a part of a batch is worth sending, else only a full one. */
  next(idle: boolean): Outgoing | undefined;
}

/** Options of {@linkcode Outbox}; sizes are in UTF-16 code units, which is bytes for plain text. */
export interface OutboxOptions {
  alerts: OutgoingSource;
  /** Makes message ids. */
  newId: () => string;
  /** How much alerts or session output may send in one turn while the other has something to say. @default 64 Ki */
  turnSize?: number;
  /** How much session output may wait, over all sessions; beyond it output is cut. @default 16 Mi */
  maxSessionSize?: number;
  /** Above this much waiting output a session's producers are asked to wait. @default 256 Ki */
  comfortableSessionSize?: number;
  /** How much control traffic may wait before the connection is no use any more. @default 1 Mi */
  maxControlSize?: number;
}

/** Output of one session that waits. */
type Entry =
  | { kind: "delta"; stage: Stage; delta: string }
  | { kind: "message"; outgoing: Outgoing };

interface SessionLane {
  readonly entries: Entry[];
  /** How much was cut since the last piece that was let in, and in which stage. */
  cut: number;
  cutStage: Stage;
}

/**
 * What waits to be written on one connection, by priority: control, then the heartbeat, then alerts and session
 * output in turns, so that neither starves the other; sessions among themselves in turns too. Bounded: heartbeats
 * replace each other, alerts stay in their queue until pulled, session output is merged while it waits and cut
 * (with a marker in its place) when it outgrows its bound. Final outputs are never cut.
 *
 * Pure: no clock, no I/O, no timers. Call `next` until it gives nothing, again after every change.
 */
export class Outbox {
  readonly #alerts: OutgoingSource;
  readonly #newId: () => string;
  readonly #turnSize: number;
  readonly #maxSessionSize: number;
  readonly #comfortableSessionSize: number;
  readonly #maxControlSize: number;
  readonly #control: string[] = [];
  #controlSize = 0;
  #heartbeat: Outgoing | undefined;
  /** In the order of their turns: the first is next. */
  readonly #sessions = new Map<string, SessionLane>();
  #sessionSize = 0;
  #turn: "alerts" | "sessions" = "alerts";
  #credit: number;
  /** Whether this turn began because the other side had used its own up: then waiting to grow would be starving. */
  #earned = false;

  constructor({
    alerts,
    newId,
    turnSize = 64 * KIB,
    maxSessionSize = 16 * KIB * KIB,
    comfortableSessionSize = 256 * KIB,
    maxControlSize = KIB * KIB,
  }: OutboxOptions) {
    this.#alerts = alerts;
    this.#newId = newId;
    this.#turnSize = turnSize;
    this.#credit = turnSize;
    this.#maxSessionSize = maxSessionSize;
    this.#comfortableSessionSize = comfortableSessionSize;
    this.#maxControlSize = maxControlSize;
  }

  /** Whether a session's producer may go on without waiting. */
  get comfortable(): boolean {
    return this.#sessionSize <= this.#comfortableSessionSize;
  }

  /** Whether nothing waits that was pushed here. (Alerts wait in their own queue.) */
  get empty(): boolean {
    return this.#control.length === 0 && this.#heartbeat === undefined && this.#sessions.size === 0;
  }

  /** Queues an answer. @returns false when the bound is passed: the peer asks much and reads nothing. */
  pushControl(message: MessageToHub): boolean {
    const text = encode(message);
    this.#control.push(text);
    this.#controlSize += text.length;
    return this.#controlSize <= this.#maxControlSize;
  }

  /** Sets the heartbeat; one that still waits is replaced, for only the newest says anything. */
  setHeartbeat(message: MessageToHub, hooks: Pick<Outgoing, "onSent" | "onWritten"> = {}): void {
    this.#heartbeat = { text: encode(message), ...hooks };
  }

  /** Adds streamed output, merged with what waits of the same session and stage. */
  pushDelta(sessionId: string, stage: Stage, delta: string): void {
    if (delta === "") return;
    const lane = this.#lane(sessionId);
    if (this.#sessionSize + delta.length > this.#maxSessionSize) {
      lane.cut += delta.length;
      lane.cutStage = stage;
      return;
    }
    this.#markCut(lane);
    this.#append(lane, stage, delta);
  }

  /** Adds a whole message of a session, behind what waits of it; it is neither merged nor cut. */
  pushMessage(sessionId: string, message: MessageToHub, onSent?: () => void): void {
    const lane = this.#lane(sessionId);
    this.#markCut(lane);
    const outgoing = { text: encode(message), onSent };
    lane.entries.push({ kind: "message", outgoing });
    this.#sessionSize += outgoing.text.length;
  }

  /**
   * Takes out the next message to write.
   * @param idle whether nothing is being written. If something is, what can still grow by merging is left waiting,
   * but no longer than the other side's turn.
   */
  next(idle: boolean): Outgoing | undefined {
    const control = this.#control.shift();
    if (control !== undefined) {
      this.#controlSize -= control.length;
      return { text: control };
    }
    if (this.#heartbeat !== undefined) {
      const heartbeat = this.#heartbeat;
      this.#heartbeat = undefined;
      return heartbeat;
    }
    if (this.#credit <= 0) this.#passTurn(true);
    for (let lanes = 0; lanes < 2; lanes++) {
      const now = idle || this.#earned;
      const outgoing = this.#turn === "alerts" ? this.#alerts.next(now) : this.#nextOfSessions(now);
      if (outgoing !== undefined) {
        this.#credit -= outgoing.text.length;
        return outgoing;
      }
      this.#passTurn(false);
    }
    return undefined;
  }

  #passTurn(earned: boolean): void {
    this.#turn = this.#turn === "alerts" ? "sessions" : "alerts";
    this.#credit = this.#turnSize;
    this.#earned = earned;
  }

  #lane(sessionId: string): SessionLane {
    let lane = this.#sessions.get(sessionId);
    if (lane === undefined) {
      lane = { entries: [], cut: 0, cutStage: "" };
      this.#sessions.set(sessionId, lane);
    }
    return lane;
  }

  #append(lane: SessionLane, stage: Stage, delta: string): void {
    this.#sessionSize += delta.length;
    const last = lane.entries.at(-1);
    if (
      last?.kind === "delta" && last.stage === stage && last.delta.length + delta.length <= this.#turnSize
    ) {
      last.delta += delta;
      return;
    }
    // One piece must not take longer than a turn, or it would delay the alerts behind it.
    for (let from = 0; from < delta.length;) {
      const to = codePointBoundary(delta, from, from + this.#turnSize);
      lane.entries.push({ kind: "delta", stage, delta: delta.slice(from, to) });
      from = to;
    }
  }

  #markCut(lane: SessionLane): void {
    if (lane.cut === 0) return;
    const marker =
      `\n[${lane.cut} characters of output left out: they came faster than the connection took them]\n`;
    lane.cut = 0;
    this.#append(lane, lane.cutStage, marker);
  }

  #nextOfSessions(idle: boolean): Outgoing | undefined {
    for (const [sessionId, lane] of this.#sessions) {
      const [entry] = lane.entries;
      if (entry === undefined) {
        // Everything that came was cut. The marker goes out now that there is room.
        this.#markCut(lane);
        return this.#nextOfSessions(idle);
      }
      const mayGrow = entry.kind === "delta" && lane.entries.length === 1 &&
        entry.delta.length < this.#turnSize / 2;
      if (mayGrow && !idle) continue;
      lane.entries.shift();
      this.#sessions.delete(sessionId);
      if (lane.entries.length > 0 || lane.cut > 0) this.#sessions.set(sessionId, lane); // to the end of the turns
      if (entry.kind === "message") {
        this.#sessionSize -= entry.outgoing.text.length;
        return entry.outgoing;
      }
      this.#sessionSize -= entry.delta.length;
      const payload = { session_id: sessionId, delta: entry.delta, stage: entry.stage, done: false };
      return { text: encode({ type: "session_output", id: this.#newId(), payload }) };
    }
    return undefined;
  }
}

/** `index`, or one less where it would cut a surrogate pair in two; always beyond `from`. */
function codePointBoundary(text: string, from: number, index: number): number {
  if (index >= text.length) return text.length;
  const code = text.charCodeAt(index - 1);
  return code >= 0xd800 && code <= 0xdbff && index - 1 > from ? index - 1 : index;
}
