/** How many requests the agent's own HTTP answers with 202, one event each, over its unix socket. */
import { FakeHub } from "../fakes/fake_hub.ts";
import { benchEvent } from "./burst.ts";
import { waitingAgent } from "./backlog.ts";

const REQUESTS = 5000;
const AT_ONCE = 16;

/** Client, agent and hub share a thread: the figure contains the cost of all three. */
export async function intake(): Promise<Record<string, number>> {
  await using hub = await FakeHub.start({ capabilities: ["alert_ack"], decode: "count" });
  const stateDir = await Deno.makeTempDir();
  const listen = `${stateDir}/pawl.sock`;
  const { stop } = await waitingAgent(stateDir, 0, hub.address, { local: { listen } });
  await (await hub.nextConnection()).next("register");
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: listen } });
  let sent = 0;
  let accepted = 0;
  const startMs = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (sent < REQUESTS) {
      const { alert_key: _, ...event } = benchEvent(sent++);
      const headers = { "content-type": "application/json" };
      const init = { method: "POST", headers, body: JSON.stringify(event), client };
      const response = await fetch("http://localhost/v1/events", init);
      await response.body?.cancel();
      if (response.status === 202) accepted++;
    }
  }));
  const tookMs = performance.now() - startMs;
  await stop();
  await Deno.remove(stateDir, { recursive: true });
  return { requests: REQUESTS, accepted, requestsPerSec: Math.round(REQUESTS / (tookMs / 1000)) };
}
