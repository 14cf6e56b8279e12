import type { AlertEvent } from "../../lib/alerts/event.ts";
import type { AgentStatus, AlertStatus, SilenceStatus } from "../../lib/local/agent_status.ts";
import type { AcceptResult, EventDefaults, LocalPort, SilenceOrder } from "../../lib/local/local_port.ts";

/** An agent that has nothing but what a test gives it. */
export class FakeAgentPort implements LocalPort {
  /** What was taken in, oldest first. */
  readonly events: AlertEvent[] = [];
  /** The `bytes` of each call of {@linkcode accept}. */
  readonly offeredBytes: number[] = [];
  labels: Record<string, string> = { from_agent: "agent-1" };
  timeSec = 1_700_000_000;
  /** Undefined: connected and acked. */
  unready: string | undefined;
  /** How many events there is room for. */
  room = Infinity;
  retryAfterSec = 3;
  /** What {@linkcode AcceptResult} promises. */
  durable: () => Promise<boolean> = () => Promise.resolve(true);
  current: AgentStatus = agentStatus();
  /** What runs now. */
  readonly running: SilenceStatus[] = [];
  /** Thrown by {@linkcode silence}. */
  silenceFault: Error | undefined;
  /** Thrown by {@linkcode status}. */
  fault: Error | undefined;

  defaults(): EventDefaults {
    return { labels: this.labels, timeSec: this.timeSec };
  }

  accept(events: readonly AlertEvent[], bytes: number): AcceptResult {
    this.offeredBytes.push(bytes);
    if (events.length > this.room) return { accepted: false, retryAfterSec: this.retryAfterSec };
    this.room -= events.length;
    this.events.push(...events);
    return { accepted: true, durable: this.durable() };
  }

  unreadyReason(): string | undefined {
    return this.unready;
  }

  status(): AgentStatus {
    if (this.fault) throw this.fault;
    return this.current;
  }

  alerts(): readonly AlertStatus[] {
    return this.current.alerts;
  }

  silences(): readonly SilenceStatus[] {
    return this.running;
  }

  silence({ matchers, forSec, reason }: SilenceOrder): SilenceStatus {
    if (this.silenceFault) throw this.silenceFault;
    const id = `0000000${this.running.length + 1}`;
    const silence = {
      id,
      matchers,
      reason,
      created: this.timeSec,
      until: this.timeSec + forSec,
      matching: 1,
    };
    this.running.push(silence);
    return silence;
  }

  endSilence(id: string): boolean {
    const index = this.running.findIndex((silence) => silence.id === id);
    if (index >= 0) this.running.splice(index, 1);
    return index >= 0;
  }
}

/** A status with a figure in every place. */
export function agentStatus(changes: Partial<AgentStatus> = {}): AgentStatus {
  return {
    version: "1.2.3",
    agent_id: "5f0c1d6e-52b4-4d0e-9a3b-3b1f6a4f2c11",
    uptime_sec: 4000,
    connection: {
      state: "connected",
      hub: "hub.example:443",
      since: 1_699_999_000,
      capabilities: ["alert_ack"],
      last_error: 'lost: the peer said "bye"',
      ended: { lost: 2, dial_failed: 1 },
    },
    destinations: [
      {
        name: "server",
        accepted: 100,
        settled: 80,
        waiting: 14,
        waiting_bytes: 2048,
        dropped: { superseded: 1, overflow: 2, expired: 3, rejected: 0 },
        batches: 9,
        resent: 4,
      },
      {
        name: "pager",
        accepted: 7,
        settled: 0,
        waiting: 7,
        waiting_bytes: 700,
        dropped: { superseded: 0, overflow: 0, expired: 0, rejected: 0 },
        degraded: "the disk is full",
        batches: 0,
        resent: 0,
        last_error: "status 503",
      },
    ],
    sessions: { active: 1, limit: 3, started: { inspect: 5 }, refused: { "duplicate session_id": 1 } },
    checks: [
      {
        plugin: "disk",
        target: '/mnt/"odd"\\name\n',
        result: "Warning",
        results: { Ok: 3, Warning: 1 },
        last_duration_sec: 0.25,
        total_duration_sec: 1.5,
      },
      { plugin: "cpu", target: "cpu", result: "pending", results: {}, total_duration_sec: 0 },
    ],
    alerts: [{
      alert_key: "0cc175b9c0f1b6a831c399e269772661",
      check: "disk::space_usage",
      target: "/data",
      labels: { check: "disk::space_usage", target: "/data", from_agent: "agent-1" },
      status: "Warning",
      since: 1_699_999_400,
      description: "disk space usage of /data 91.0 %",
      silenced: false,
    }],
    silences: 2,
    ...changes,
  };
}
