import assert from "node:assert/strict";
import { Outbox, type OutboxOptions, type Outgoing } from "../../lib/link/outbox.ts";
import { decodeToHub, type MessageToHub, type Stage } from "../../lib/protocol/mod.ts";

/** Alerts that a test piles up: full batches go any time, the last part only when idle. */
export class FakeAlerts {
  /** The sizes of batches that wait; `part` is a batch that could still grow. */
  readonly waiting: { size: number; part: boolean }[] = [];
  #made = 0;

  /** `size` is the message's, roughly. */
  add(size = 100, part = false): void {
    this.waiting.push({ size, part });
  }

  next(idle: boolean): Outgoing | undefined {
    const [batch] = this.waiting;
    if (batch === undefined || (batch.part && !idle)) return undefined;
    this.waiting.shift();
    return { text: `alerts ${this.#made++} `.padEnd(batch.size, ".") };
  }
}

/** A message of a session. */
export function message(sessionId: string, text: string): MessageToHub {
  return {
    type: "session_output",
    id: text,
    payload: { session_id: sessionId, delta: text, stage: "", done: true },
  };
}

/** What was taken out, briefly: `alerts`, `control x`, `heartbeat`, `s1 answer:text`, `s1 done:text`. */
export function describe(text: string): string {
  if (text.startsWith("alerts ")) return "alerts";
  const decoded = decodeToHub(text);
  assert.ok(decoded.ok);
  const { type, id, payload } = decoded.message as Extract<MessageToHub, { type: "session_output" }>;
  if (type !== "session_output") return type === ("ack" as string) ? `control ${id}` : type;
  return `${payload.session_id} ${payload.done ? "done" : payload.stage}:${payload.delta}`;
}

/** An outbox and its alerts. */
export class OutboxRig {
  readonly alerts = new FakeAlerts();
  readonly outbox: Outbox;
  #ids = 0;

  constructor(options: Partial<OutboxOptions> = {}) {
    this.outbox = new Outbox({ alerts: this.alerts, newId: () => `m${this.#ids++}`, ...options });
  }

  delta(sessionId: string, delta: string, stage: Stage = "answer"): void {
    this.outbox.pushDelta(sessionId, stage, delta);
  }

  control(id: string): boolean {
    return this.outbox.pushControl({ type: "ack", id, payload: { ok: true } });
  }

  heartbeat(id = "h", hooks: Pick<Outgoing, "onSent" | "onWritten"> = {}): void {
    this.outbox.setHeartbeat(
      { type: "heartbeat", id, payload: { active_sessions: 0, active_alerts: 0 } },
      hooks,
    );
  }

  next(idle = true): string | undefined {
    const outgoing = this.outbox.next(idle);
    return outgoing && describe(outgoing.text);
  }

  all(idle = true): string[] {
    const taken: string[] = [];
    for (let one = this.next(idle); one !== undefined; one = this.next(idle)) taken.push(one);
    return taken;
  }
}
