/** What a connection needs of the agent's other parts; each is a narrow port that the agent's root fills. */
import type {
  Heartbeat,
  MessageAuth,
  Register,
  SessionErrorCode,
  SessionStart,
  Stage,
} from "../protocol/mod.ts";
import type { OutgoingSource } from "./outbox.ts";

/** Where alerts come from. See `Delivery` in `alerts/delivery.ts`, which fits. */
export interface AlertsPort extends OutgoingSource {
  readonly flushed: boolean;
  attach(connection: { alertAck: boolean; wake: () => void; onUnanswered: (reason: string) => void }): void;
  acked(refId: string, ok: boolean, error?: string): boolean;
  detach(end: { answered: boolean }): void;
}

/** The sending side that a connection offers to its sessions. See `sessions/session_link.ts` for the contract. */
export interface SessionOutlet {
  ack(refId: string, error?: string): void;
  output(sessionId: string, stage: Stage, delta: string): Promise<void>;
  turnDone(sessionId: string, stage: Stage, delta: string): void;
  error(sessionId: string, code: SessionErrorCode, message: string): void;
  final(
    sessionId: string,
    output: { delta?: string; stage?: Stage; report?: string },
    onSent: () => void,
  ): void;
}

/** The sessions of one connection. */
export interface SessionScopePort {
  /**
   * @param start undefined when the payload did not fit.
   * @param sentParams its `params` as they were sent, before zeros were filled in.
   */
  start(messageId: string, start: SessionStart | undefined, sentParams?: unknown): void;
  input(messageId: string, sessionId: string, message: string, auth?: MessageAuth): void;
  cancel(sessionId: string, reason: string, auth?: MessageAuth): void;
  /** Refuses new sessions and cancels all. Resolves when their final outputs are queued; 1 s later at most. */
  stop(reason: string): Promise<void>;
  /** The connection has ended: nothing is sent any more. Resolves when all work has settled; 1 s later at most. */
  close(reason: string): Promise<void>;
}

/** Opens the sessions of a connection that has been registered. */
export interface SessionsPort {
  open(link: SessionOutlet, options: { capabilities: ReadonlySet<string> }): SessionScopePort;
}

/** What the agent tells of itself. All are asked anew each time. Figures that are not known are left out. */
export interface SelfPort {
  /**
   * Called when a dial is under way; `register` waits for what it returns, which has to end soon. Where it rejects, what is
   * known by then is sent.
   */
  prepare?(): Promise<void>;
  register(): Omit<Register, "capabilities">;
  heartbeat(): Promise<Heartbeat>;
}
