/** What a hub tells of: the events its listener gets, and the picture of an agent that they carry. */
import type { Logger } from "@logtape/logtape";
import type { AlertEvent, Capability, Heartbeat, Register, SessionOutput } from "../protocol/mod.ts";
import type { SessionFinal } from "./hub_session.ts";

/** A registered agent at one moment. Times are milliseconds since 1970. */
export interface AgentSnapshot {
  readonly agentId: string;
  readonly register: Register;
  /** The extensions agreed upon for this connection. */
  readonly capabilities: readonly Capability[];
  readonly connectedAtMs: number;
  /** The latest one only. */
  readonly heartbeat?: { readonly atMs: number; readonly payload: Heartbeat };
}

/** Discriminated on `type`. Events of one agent come in the order in which they happened. */
export type HubEvent =
  /** The upgrade is through; the agent has not said who it is. */
  | { type: "agent_connected"; agentId: string }
  | { type: "agent_registered"; agent: AgentSnapshot }
  | { type: "heartbeat"; agentId: string; heartbeat: Heartbeat }
  /** Stored for the first time; a message that comes twice is told of once. */
  | { type: "alerts"; agentId: string; messageId: string; events: readonly AlertEvent[] }
  | { type: "session_output"; agentId: string; output: SessionOutput }
  | { type: "session_ended"; agentId: string; sessionId: string; final: SessionFinal }
  /**
   * Follows each `agent_connected`, once. `replaced`: another connection of this agent is registered, it is not gone.
   */
  | { type: "agent_disconnected"; agentId: string; reason: string; replaced: boolean };

/** Called synchronously; what it throws, or rejects with, is logged and has no other effect. */
export type HubEventListener = (event: HubEvent) => void | Promise<void>;

/** Wraps `listener` so that none of its faults reaches the caller. */
export function shielded(listener: HubEventListener | undefined, logger: Logger): (event: HubEvent) => void {
  return (event) => {
    const report = (error: unknown) => logger.error("hub.listener_failed", { event: event.type, error });
    try {
      listener?.(event)?.catch(report);
    } catch (error) {
      report(error);
    }
  };
}
