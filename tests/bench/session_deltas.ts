/** One session streaming: how fast its output arrives, and whether a heartbeat has to wait for it. */
import { Agent } from "../../lib/agent.ts";
import type { SessionFigures } from "./sink_worker.ts";
import { rounded } from "./statistics.ts";

const DELTAS = 100_000;
const DELTA = "some words that a model could have said ";
const HEARTBEAT_MS = 20;

/** Streams from a runner that waits for room, and from one that does not. */
export async function sessionDeltas(): Promise<Record<string, unknown>> {
  return { waiting: await stream(true), notWaiting: await stream(false) };
}

async function stream(waits: boolean): Promise<Record<string, number>> {
  const worker = new Worker(new URL("./sink_worker.ts", import.meta.url), { type: "module" });
  const posted = () => new Promise<unknown>((resolve) => worker.onmessage = ({ data }) => resolve(data));
  const address = String(await posted());
  const stop = new AbortController();
  const agent = new Agent({
    address,
    agentId: crypto.randomUUID(),
    checks: () => [],
    timings: { heartbeatMs: HEARTBEAT_MS },
    diagnoseRunner: {
      async run(_request, stream) {
        for (let sent = 0; sent < DELTAS; sent++) {
          const room = stream("answer", DELTA);
          if (waits) await room;
        }
        return "";
      },
    },
  });
  const registered = posted();
  const running = agent.run(stop.signal);
  await registered;
  const ended = posted();
  worker.postMessage("start");
  const figures = await ended as SessionFigures;
  stop.abort();
  await running;
  worker.terminate();
  return {
    deltasPerSec: Math.round(DELTAS / (figures.durationMs / 1000)),
    textComplete: figures.chars === DELTAS * DELTA.length ? 1 : 0,
    messages: figures.messages,
    durationMs: rounded(figures.durationMs),
    heartbeatIntervalMs: HEARTBEAT_MS,
    longestHeartbeatDelayMs: rounded(Math.max(0, figures.longestHeartbeatGapMs - HEARTBEAT_MS)),
  };
}
