/**
 * A hub in a thread of its own, so that what it costs does not slow the agent that is measured. It posts its port,
 * then, for each session that ends, what came of it.
 */
/// <reference lib="deno.worker" />
import { FakeHub } from "../fakes/fake_hub.ts";

/** What the worker posts when a session has ended. */
export interface SessionFigures {
  /** From the first output to the final one. */
  durationMs: number;
  messages: number;
  chars: number;
  stages: string[];
  /** Longest time between two heartbeats meanwhile. */
  longestHeartbeatGapMs: number;
  heartbeats: number;
}

let figures: SessionFigures | undefined;
let firstMs = 0;
let lastBeatMs = 0;

const hub = await FakeHub.start({
  capabilities: ["alert_ack", "heartbeat_ack"],
  onMessage(message, connection) {
    const nowMs = performance.now();
    if (message.type === "heartbeat") {
      if (figures !== undefined) {
        figures.heartbeats++;
        figures.longestHeartbeatGapMs = Math.max(figures.longestHeartbeatGapMs, nowMs - lastBeatMs);
      }
      lastBeatMs = nowMs;
    }
    if (message.type === "register") {
      self.onmessage = () => {
        figures = {
          durationMs: 0,
          messages: 0,
          chars: 0,
          stages: [],
          longestHeartbeatGapMs: 0,
          heartbeats: 0,
        };
        firstMs = 0;
        const payload = { session_id: "bench", session_type: "diagnose" };
        connection.send({ type: "session_start", payload });
      };
      self.postMessage("registered");
    }
    if (message.type !== "session_output" || figures === undefined) return;
    const { delta, stage, done } = message.payload;
    if (firstMs === 0) firstMs = nowMs;
    figures.messages++;
    figures.chars += delta.length;
    if (stage !== "" && figures.stages.at(-1) !== stage) figures.stages.push(stage);
    if (!done) return;
    figures.durationMs = nowMs - firstMs;
    figures.longestHeartbeatGapMs = Math.max(figures.longestHeartbeatGapMs, nowMs - lastBeatMs);
    self.postMessage(figures);
    figures = undefined;
  },
});
self.postMessage(hub.address);
