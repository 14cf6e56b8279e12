/** What waited through an outage: how much memory it takes, and what delivering it costs as there is more of it. */
import { Agent, type AgentOptions } from "../../lib/agent.ts";
import { until } from "../fakes/until.ts";
import { benchEvent } from "./burst.ts";
import { rounded } from "./statistics.ts";

const SIZES = [1000, 10_000, 100_000];
const SLICE = 1000;

/** Microseconds from the end of the outage to the last event's arrival, per event. */
export async function backlogCost(): Promise<Record<string, number>> {
  const costs: Record<string, number> = {};
  for (const size of SIZES) costs[`usPerEventOf${size}`] = await replay(size);
  return costs;
}

/** An agent in this process that pushes `events` and has nowhere to send them. */
export async function waitingAgent(
  stateDir: string,
  events: number,
  address = "ws://127.0.0.1:9",
  options: Partial<AgentOptions> = {},
): Promise<{ agent: Agent; stop: () => Promise<void> }> {
  const stop = new AbortController();
  const agent = new Agent({ address, agentId: crypto.randomUUID(), stateDir, checks: () => [], ...options });
  const running = agent.run(stop.signal);
  for (let n = 0; n < events;) {
    for (const end = Math.min(events, n + SLICE); n < end; n++) agent.notify(benchEvent(n));
    await new Promise((resolve) => setTimeout(resolve, 0)); // as events come, not all in one turn
  }
  return {
    agent,
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

async function replay(size: number): Promise<number> {
  const stateDir = await Deno.makeTempDir();
  const before = await waitingAgent(stateDir, size);
  await before.stop();
  const worker = new Worker(new URL("./alert_sink_worker.ts", import.meta.url), { type: "module" });
  const next = () => new Promise<unknown>((resolve) => worker.onmessage = ({ data }) => resolve(data));
  const address = String(await next());
  worker.postMessage(size);
  const arrived = next();
  let registeredMs: number | undefined;
  const onEvent: AgentOptions["onEvent"] = ({ type }) => {
    if (type === "registered") registeredMs ??= performance.now();
  };
  const after = await waitingAgent(stateDir, 0, address, { onEvent });
  await arrived;
  const tookMs = performance.now() - await until("it is registered", () => registeredMs);
  await after.stop();
  worker.terminate();
  await Deno.remove(stateDir, { recursive: true });
  return rounded(tookMs * 1000 / size);
}
