/** What the demo is made of, and the steps of its tour. Everything in it is real: only the thresholds are low. */
import { Agent, configuredChecks, openStateDir } from "../agent.ts";
import { checkEntries } from "../config/check_entries.ts";
import { checkSchema } from "../config/check_schema.ts";
import { ConfigError } from "../config/config_error.ts";
import type { HubEvent } from "../hub/events.ts";
import { type Hub, startHub } from "../hub/server.ts";
import type { DemoNarrator } from "./demo_narrator.ts";

/** A running hub and agent. Disposing of it ends both, the agent first and in order, and removes their state. */
export interface Demo extends AsyncDisposable {
  readonly hub: Hub;
  readonly agentId: string;
  /** Resolves when the event was told of, at once if it has been. Rejects when the agent has ended. */
  happened(type: HubEvent["type"]): Promise<void>;
}

/** Options of {@linkcode startDemo}. */
export interface StartDemoOptions {
  /** 0 picks a free one. */
  port: number;
  narrator: DemoNarrator;
}

/** So low that any host that runs at all exceeds it; the other checks keep thresholds that make sense. */
const DEMO_CHECKS = checkEntries(
  checkSchema().parse({
    cpu: [{ interval: "5s" }],
    // A threshold that is passed on any host: the tour shows an alert.
    mem: [{ interval: "5s", for: "0s", warn_ge: 0.1, critical_ge: 0 }],
    disk: [{ interval: "5s", mount_points: ["/"] }],
  }),
);

/** @throws ConfigError when the port is taken. */
export async function startDemo({ port, narrator }: StartDemoOptions): Promise<Demo> {
  const told = new Map<HubEvent["type"], PromiseWithResolvers<void>>();
  const waiter = (type: HubEvent["type"]) => {
    let entry = told.get(type);
    if (entry === undefined) told.set(type, entry = Promise.withResolvers<void>());
    return entry;
  };
  await using undo = new AsyncDisposableStack();
  const token = crypto.randomUUID();
  const hub = await listen(port, token, (event) => {
    narrate(narrator, event);
    waiter(event.type).resolve();
  });
  undo.defer(() => hub.close());
  narrator.say("hub", `listening on ${hub.address}`);
  const folder = await Deno.makeTempDir({ prefix: "pawl-demo-" });
  undo.defer(() => Deno.remove(folder, { recursive: true }));
  const state = undo.use(await openStateDir(folder));
  const { agentId } = state;
  const stop = new AbortController();
  const agent = new Agent({
    address: hub.address,
    agentId,
    token,
    stateDir: state.path,
    checks: (source) => configuredChecks(DEMO_CHECKS, source),
    onEvent: (event) => {
      if (event.type === "ended") narrator.say("agent", `the connection ended: ${event.end.kind}`);
    },
  });
  narrator.say("agent", `starting as ${agentId}, state in ${folder}`);
  const running = agent.run(stop.signal);
  undo.defer(async () => {
    stop.abort();
    await running;
    narrator.say("agent", "stopped in order");
  });
  const parts = undo.move();
  return {
    hub,
    agentId,
    happened: (type) =>
      Promise.race([
        waiter(type).promise,
        running.then(() => Promise.reject(new Error("the agent has ended"))),
      ]),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Options of {@linkcode demoTour}. */
export interface DemoTourOptions {
  demo: Demo;
  narrator: DemoNarrator;
  /** How long each step may take. */
  deadlineMs: number;
  signal: AbortSignal;
}

/** Goes through the steps. @throws Error naming the first that did not happen in time. */
export async function demoTour({ demo, narrator, deadlineMs, signal }: DemoTourOptions): Promise<void> {
  const step = <T>(what: string, happening: Promise<T>) => within(what, happening, deadlineMs, signal);
  await step("the agent's registration", demo.happened("agent_registered"));
  await step("the first heartbeat", demo.happened("heartbeat"));
  await step("an alert from this host", demo.happened("alerts"));
  narrator.say("operator", "asks for an inspection of this host");
  const session = demo.hub.startSession(demo.agentId, {
    type: "inspect",
    userName: "demo",
    params: { plugin: "system" },
  });
  const accepted = await step("the answer to the session", session.accepted);
  if (!accepted.ok) throw new Error(`the agent refused the session: ${accepted.error ?? "without a reason"}`);
  const { report, error } = await step("the end of the session", session.final);
  if (error !== undefined) throw new Error(`the session failed: ${error}`);
  if (!report) throw new Error("the session ended without a report");
  narrator.say("operator", `has the report:\n${report}`);
}

async function listen(port: number, token: string, onEvent: (event: HubEvent) => void): Promise<Hub> {
  try {
    return await startHub({ port, token, onEvent });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new ConfigError(
      `cannot start the demo's hub: port ${port} on 127.0.0.1 is in use; name another with --port, or leave it out`,
      { cause: error },
    );
  }
}

async function within<T>(
  what: string,
  happening: Promise<T>,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`${what} did not happen within ${deadlineMs / 1000} s`)),
    deadlineMs,
  );
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([over, happening]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

function narrate(narrator: DemoNarrator, event: HubEvent): void {
  switch (event.type) {
    case "agent_registered": {
      const { hostname, os, arch, plugins } = event.agent.register;
      const agreed = event.agent.capabilities.join(", ");
      return narrator.say(
        "hub",
        `${hostname} (${os} ${arch}) registered; checks: ${plugins.join(", ")}; agreed on ${agreed}`,
      );
    }
    case "heartbeat": {
      const { active_sessions, active_alerts, cpu_pct, mem_pct } = event.heartbeat;
      const figures = [
        `${active_sessions} sessions`,
        `${active_alerts} open alerts`,
        ...(cpu_pct === undefined ? [] : [`cpu ${cpu_pct} %`]),
        ...(mem_pct === undefined ? [] : [`memory ${mem_pct} %`]),
      ];
      return narrator.say("hub", `heartbeat: ${figures.join(", ")}`);
    }
    case "alerts":
      for (const { event_status, description } of event.events) {
        narrator.say("hub", `alert, ${event_status}: ${description}`);
      }
      return;
    case "session_output":
      if (event.output.delta) narrator.say("agent", `${event.output.stage}: ${event.output.delta}`);
      return;
    case "agent_disconnected":
      return narrator.say("hub", `the agent is gone: ${event.reason}`);
  }
}
