/** Random schedules of what goes wrong between an agent and its hub, and with the agent itself. */
import type { Behaviour } from "../fakes/fake_hub.ts";
import type { Fault } from "../fakes/fault_proxy.ts";
import { SeededRandom } from "../fakes/seeded_random.ts";

/** What is done to the agent, or to its connection, at one instant. */
export interface Incident {
  /** When so many requests have been sent, and so long after it. */
  readonly afterRequests: number;
  readonly delayMs: number;
  readonly what: "kill" | "terminate" | "reset" | "disconnect";
  /** Of a restart: so many starts before the one that lasts are killed, each after so many milliseconds. */
  readonly killedStartsMs: readonly number[];
}

/** One request of a producer. */
export interface PlannedRequest {
  readonly events: number;
  /** Before it. */
  readonly pauseMs: number;
}

/** A schedule. The same seed makes the same one; what comes of it also depends on how fast things go. */
export interface FaultSchedule {
  readonly seed: number;
  /** The extensions that the hub knows. */
  readonly capabilities: readonly string[];
  /** The bound of the agent's queue; undefined for one that is never reached. */
  readonly maxEvents: number | undefined;
  /** One list for each producer. */
  readonly producers: readonly (readonly PlannedRequest[])[];
  readonly incidents: readonly Incident[];
  /** What happens to the proxy's connection of this index. */
  fault(index: number): Fault;
  /** How the hub receives the connection of this index. */
  welcome(index: number): Pick<Behaviour, "refuse" | "cutAtUpgrade" | "stall">;
  /** What the hub answers to the next batch, where batches are acked. */
  verdict(): "ack" | "duplicate" | "withhold" | "refuse";
}

/** Four kinds of hubs take turns, so that any four seeds in a row meet all of them. */
const HUBS = [["alert_ack", "heartbeat_ack"], [], ["alert_ack"], ["heartbeat_ack"]] as const;

const PRODUCERS = 3;
const REQUESTS = 30;

/** The schedule of a seed. */
export function faultSchedule(seed: number): FaultSchedule {
  const random = new SeededRandom(seed);
  const capabilities: readonly string[] = HUBS[seed % HUBS.length] ?? [];
  const verdicts = random.fork("verdicts");
  return {
    seed,
    capabilities,
    maxEvents: random.fork("bounds").chance(0.25) ? 400 : undefined,
    producers: Array.from({ length: PRODUCERS }, (_, index) => requests(random.fork(`producer ${index}`))),
    incidents: incidents(random.fork("incidents")),
    fault: (index) => fault(random.fork(`connection ${index}`), capabilities),
    welcome: (index) => welcome(random.fork(`welcome ${index}`)),
    verdict: () => verdict(verdicts.next()),
  };
}

function requests(random: SeededRandom): PlannedRequest[] {
  return Array.from({ length: REQUESTS }, () => ({
    events: random.chance(0.1) ? 200 : random.magnitude(1, 200),
    pauseMs: random.chance(0.3) ? 0 : random.int(0, 150),
  }));
}

function incidents(random: SeededRandom): Incident[] {
  const whats: Incident["what"][] = ["kill", "terminate", "reset", "disconnect"];
  for (let more = random.int(2, 4); more > 0; more--) whats.push("kill");
  for (let more = random.int(1, 3); more > 0; more--) whats.push("reset");
  return whats.map((what) => ({
    afterRequests: random.int(1, PRODUCERS * REQUESTS),
    delayMs: random.int(0, 20),
    what,
    killedStartsMs: random.chance(0.25) ? [random.int(0, 250)] : [],
  })).sort((a, b) => a.afterRequests - b.afterRequests);
}

/**
 * Without `alert_ack` a batch counts as delivered 2 s after it was written, so the agent keeps its promise only where
 * it learns of a connection's death within that time. It learns of an end at once. Of a silence it learns after 1 s
 * (nothing heard) or, where heartbeats are acked, after 0.7 s (none acked). What nobody could learn of is a line that
 * swallows what the agent says while it still passes on what a hub says that acks nothing at all: that is left out.
 */
function fault(random: SeededRandom, capabilities: readonly string[]): Fault {
  const delay = random.chance(0.25) ? { delayMs: random.int(1, 60) } : {};
  const bytes = random.magnitude(100, 300_000);
  const kind = random.next();
  if (kind < 0.3) return delay;
  if (kind < 0.5) return { ...delay, cutAfterBytes: { bytes, how: "reset" } };
  if (kind < 0.65) return { ...delay, cutAfterBytes: { bytes, how: "fin" } };
  if (kind < 0.75) return { refuse: true };
  if (kind < 0.85) return { ...delay, halfOpenAfterBytes: bytes };
  const directions = capabilities.length > 0 ? ["up", "down", "both"] as const : ["down", "both"] as const;
  const direction = random.pick(directions);
  return { ...delay, stallAfterBytes: { bytes, direction, unread: random.chance(0.5) } };
}

function welcome(random: SeededRandom): Pick<Behaviour, "refuse" | "cutAtUpgrade" | "stall"> {
  const kind = random.next();
  if (kind < 0.1) return { refuse: { status: 503, body: "busy" } };
  if (kind < 0.15) return { cutAtUpgrade: random.pick(["reset", "fin"]) };
  if (kind < 0.18) return { stall: "register" };
  return {};
}

function verdict(chance: number): ReturnType<FaultSchedule["verdict"]> {
  if (chance < 0.85) return "ack";
  if (chance < 0.93) return "duplicate";
  return chance < 0.96 ? "withhold" : "refuse";
}
