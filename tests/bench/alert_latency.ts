/** How long a single alert takes on an idle link: from the push to its arrival at the hub. */
import { Agent, alertEvent } from "../../lib/agent.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { percentile, rounded } from "./statistics.ts";

const EVENTS = 200;
const GAP_MS = 10;

/** Agent and hub share a thread: the figure contains the cost of both. */
export async function alertLatency(): Promise<Record<string, number>> {
  const pushedMs = new Map<string, number>();
  const latenciesMs: number[] = [];
  await using hub = await FakeHub.start({
    capabilities: ["alert_ack"],
    onMessage(message) {
      if (message.type !== "alert_events") return;
      for (const event of message.payload.events) {
        latenciesMs.push(performance.now() - (pushedMs.get(event.labels["n"] ?? "") ?? NaN));
      }
    },
  });
  const stop = new AbortController();
  const agent = new Agent({ address: hub.address, agentId: crypto.randomUUID(), checks: () => [] });
  const running = agent.run(stop.signal);
  await (await hub.nextConnection()).next("heartbeat");
  for (let n = 0; n < EVENTS; n++) {
    const event = alertEvent({
      timeSec: n,
      status: "Warning",
      labels: { n: String(n) },
      description: "bench",
    });
    pushedMs.set(String(n), performance.now());
    agent.notify(event);
    await new Promise((resolve) => setTimeout(resolve, GAP_MS));
  }
  await until("all events have arrived", () => latenciesMs.length >= EVENTS);
  stop.abort();
  await running;
  return {
    events: latenciesMs.length,
    p50Ms: rounded(percentile(latenciesMs, 0.5)),
    p95Ms: rounded(percentile(latenciesMs, 0.95)),
    maxMs: rounded(percentile(latenciesMs, 1)),
  };
}
