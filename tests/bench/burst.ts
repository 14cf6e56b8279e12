/** A burst of alerts, against the least that sending as much can cost: a bare loop of ready messages, same sink. */
import { Agent, type AgentOptions, type AlertEvent, alertEvent } from "../../lib/agent.ts";
import { rounded } from "./statistics.ts";

const EVENTS = 100_000;
const PER_MESSAGE = 100;
const ROUNDS = 3;

/** An event as a check would send it; about 340 bytes. */
export function benchEvent(n: number): AlertEvent {
  return alertEvent({
    timeSec: 1_700_000_000 + n,
    status: n % 10 === 0 ? "Ok" : "Warning",
    labels: { check: "mem::memory_usage", target: `instance-${n % 1000}`, from_agent: "bench" },
    description: `memory usage of instance ${n % 1000} is ${n % 100} % ≥ 85 %`,
    attrs: { current_value: `${n % 100} %`, threshold_desc: "warning ≥ 85 %" },
  });
}

/** The best of some rounds each, taken in turns, so that both meet the same machine. */
export async function burst(
  options: Partial<AgentOptions> = { alertBufferSize: 200_000 },
): Promise<Record<string, number>> {
  const events = Array.from({ length: EVENTS }, (_, n) => benchEvent(n));
  let bare = 0;
  let agent = 0;
  for (let round = 0; round < ROUNDS; round++) {
    bare = Math.max(bare, await bareLoop(events));
    agent = Math.max(agent, await throughAgent(events, options));
  }
  return { events: EVENTS, eventsPerSec: agent, bareEventsPerSec: bare, ratio: rounded(agent / bare) };
}

async function sink(): Promise<{ worker: Worker; address: string; next: () => Promise<unknown> }> {
  const worker = new Worker(new URL("./alert_sink_worker.ts", import.meta.url), { type: "module" });
  const next = () => new Promise<unknown>((resolve) => worker.onmessage = ({ data }) => resolve(data));
  return { worker, address: String(await next()), next };
}

async function bareLoop(events: readonly AlertEvent[]): Promise<number> {
  const { worker, address, next } = await sink();
  const messages: string[] = [];
  for (let at = 0; at < events.length; at += PER_MESSAGE) {
    const payload = { events: events.slice(at, at + PER_MESSAGE) };
    messages.push(JSON.stringify({ type: "alert_events", id: crypto.randomUUID(), payload }));
  }
  const headers = { "X-Agent-ID": crypto.randomUUID(), "X-Proto-Version": "1" };
  const socket = new WebSocket(`${address}/api/v1/agent/ws`, { headers });
  await new Promise((resolve) => socket.onopen = resolve);
  const payload = { capabilities: ["alert_ack"] };
  socket.send(JSON.stringify({ type: "register", id: "1", payload }));
  await new Promise((resolve) => socket.onmessage = resolve);
  worker.postMessage(events.length);
  const arrived = next();
  const startMs = performance.now();
  for (const message of messages) socket.send(message);
  await arrived;
  const tookMs = performance.now() - startMs;
  socket.close();
  worker.terminate();
  return Math.round(events.length / (tookMs / 1000));
}

async function throughAgent(events: readonly AlertEvent[], options: Partial<AgentOptions>): Promise<number> {
  const { worker, address, next } = await sink();
  const stop = new AbortController();
  const registered = Promise.withResolvers<void>();
  const agent = new Agent({
    address,
    agentId: crypto.randomUUID(),
    checks: () => [],
    ...options,
    onEvent: (event) => event.type === "heartbeat" && registered.resolve(),
  });
  const running = agent.run(stop.signal);
  await registered.promise;
  worker.postMessage(events.length);
  const arrived = next();
  const startMs = performance.now();
  for (const event of events) agent.notify(event);
  await arrived;
  const tookMs = performance.now() - startMs;
  stop.abort();
  await running;
  worker.terminate();
  return Math.round(events.length / (tookMs / 1000));
}
