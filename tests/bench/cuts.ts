/** A hub that cuts the connection again and again: what is lost, and what comes twice. */
import { Agent } from "../../lib/agent.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { benchEvent } from "./burst.ts";

const EVENTS = 20_000;
const CUT_EVERY = 5000;

/** Through the journal; with a hub that acks alerts, and with one that does not. */
export async function cuts(): Promise<Record<string, unknown>> {
  return { withAlertAck: await cut(["alert_ack"]), withoutAlertAck: await cut([]) };
}

async function cut(capabilities: readonly string[]): Promise<Record<string, number>> {
  const arrivals = new Map<number, number>();
  let sinceCut = 0;
  let connections = 0;
  await using hub = await FakeHub.start(() => {
    connections++;
    sinceCut = 0;
    return {
      capabilities,
      onMessage(message, connection) {
        if (message.type !== "alert_events") return;
        for (const { event_time } of message.payload.events) {
          arrivals.set(event_time, (arrivals.get(event_time) ?? 0) + 1);
        }
        sinceCut += message.payload.events.length;
        if (sinceCut >= CUT_EVERY) connection.cut("reset");
      },
    };
  });
  const stateDir = await Deno.makeTempDir();
  const stop = new AbortController();
  const agent = new Agent({
    address: hub.address,
    agentId: crypto.randomUUID(),
    stateDir,
    checks: () => [],
    backoff: { firstMs: 50 },
  });
  const running = agent.run(stop.signal);
  await (await hub.nextConnection()).next("heartbeat");
  for (let n = 0; n < EVENTS; n++) agent.notify(benchEvent(n));
  await until("all events have arrived", () => arrivals.size >= EVENTS, 60_000);
  stop.abort();
  await running;
  await Deno.remove(stateDir, { recursive: true });
  const copies = [...arrivals.values()].reduce((sum, count) => sum + count, 0);
  return { events: EVENTS, connections, lost: EVENTS - arrivals.size, doubled: copies - arrivals.size };
}
