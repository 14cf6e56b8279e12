/**
 * An agent as a process of its own, to be killed: state folder, local socket, no checks, and quick deadlines, so that
 * what takes an agent minutes takes a test seconds. What it is told stands in its one argument, as JSON; see
 * {@linkcode AgentSettings}. SIGTERM stops it in order.
 */
import { join } from "node:path";
import { Agent, openStateDir, type QueueBounds } from "../../lib/agent.ts";
import { setUpLogging } from "../../lib/log.ts";
import { recordedHost } from "../agent_rig.ts";
import { RunningClock } from "./running_clock.ts";

/** What the process is told. */
export interface AgentSettings {
  /** The hub's, or that of a proxy before it. */
  readonly address: string;
  readonly stateDir: string;
  /** Shown to the hub, so that it can tell one life from the next. */
  readonly token?: string;
  readonly queue?: QueueBounds;
  /** How many events may wait in memory while the disk does not take them. */
  readonly memoryEvents?: number;
}

/** Where the agent listens. */
export function socketOf(stateDir: string): string {
  return join(stateDir, "pawl.sock");
}

async function main({ address, stateDir, token, queue, memoryEvents }: AgentSettings): Promise<void> {
  await using _log = setUpLogging({
    level: "info",
    format: "json",
    write: (line) => void Deno.stderr.writeSync(new TextEncoder().encode(line)),
  });
  await using state = await openStateDir(stateDir);
  using clock = new RunningClock();
  const stop = new AbortController();
  const onTerm = () => stop.abort();
  Deno.addSignalListener("SIGTERM", onTerm);
  const agent = new Agent({
    address,
    agentId: state.agentId,
    token,
    stateDir,
    local: { listen: socketOf(stateDir) },
    checks: () => [],
    host: recordedHost(),
    clock,
    backoff: { firstMs: 20, maxMs: 200, unauthorizedFirstMs: 50, unauthorizedMaxMs: 200 },
    timings: {
      dialMs: 1000,
      diagnoseMs: 300,
      registerMs: 1000,
      ackMs: 500,
      readMs: 1000,
      writeMs: 1000,
      closeMs: 200,
      heartbeatMs: 200,
      flushMs: 300,
    },
    ...(queue && { queue }),
    ...(memoryEvents !== undefined && { alertBufferSize: memoryEvents }),
  });
  await agent.run(stop.signal);
  Deno.removeSignalListener("SIGTERM", onTerm);
}

if (import.meta.main) {
  await main(JSON.parse(Deno.args[0] ?? ""));
  Deno.exit(0); // a socket that was abandoned to a silent hub would keep the process for as long as the hub likes
}
