/**
 * What the journal costs, as one JSON object on stdout: `deno run -P=test tests/bench/journal_cost.ts`.
 * Memory is read from /proc: Linux only.
 */
import { join } from "node:path";
import type { AlertEvent } from "../../lib/alerts/event.ts";
import { Journal } from "../../lib/alerts/journal.ts";
import { rounded } from "./statistics.ts";

const EVENTS = 100_000;
const BATCH = 100;
const BACKLOGS = [1000, 10_000, 100_000];

/** An event as the checks make them, but for its key: computing that would be most of what is measured. */
function event(number: number, keys: number): AlertEvent {
  const target = `/srv/volume-${number % keys}`;
  return {
    event_time: 1_700_000_000 + number,
    event_status: "Warning",
    alert_key: ((number % keys) * 7919).toString(16).padStart(32, "0"),
    labels: { check: "disk::space_usage", target, from_agent: "5b3c1f6e-0d7b-4a33-9a3c-0f6f2c7d1a11" },
    attrs: { current_value: "91.2%", threshold: "90%" },
    description: `space usage of ${target} is 91.2%, above the threshold of 90%`,
  };
}

function events(count: number): AlertEvent[] {
  return Array.from({ length: count }, (_, number) => event(number, count));
}

function open(folder: string, name: string): Journal<AlertEvent> {
  return new Journal({
    path: join(folder, `${name}.db`),
    keyOf: ({ alert_key }) => alert_key,
    isUrgent: ({ event_status }) => event_status === "Critical",
  });
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Takes, encodes and settles all that waits, a few batches a turn, as a hub that acks would have it. */
async function drain(journal: Journal<AlertEvent>): Promise<void> {
  while (journal.length > 0) {
    const leases = [];
    for (let batch = 0; batch < 8; batch++) {
      const lease = journal.take(BATCH);
      if (lease === undefined) break;
      lease.encode();
      leases.push(lease);
    }
    await turn();
    for (const lease of leases) journal.settle(lease);
    await turn();
  }
}

/** Microseconds per event of everything that the journal does to a burst. */
async function burst(folder: string): Promise<Record<string, number>> {
  const burstOf = events(EVENTS);
  const encodeStartMs = performance.now();
  for (const one of burstOf) JSON.stringify(one);
  const encodeMs = performance.now() - encodeStartMs;
  using journal = open(folder, "burst");
  const startMs = performance.now();
  for (const one of burstOf) journal.push(one);
  await journal.durable();
  const pushedMs = performance.now() - startMs;
  await drain(journal);
  const totalMs = performance.now() - startMs;
  return {
    events: EVENTS,
    eventsPerSec: Math.round(EVENTS / totalMs * 1000),
    pushAndWriteUs: rounded(pushedMs / EVENTS * 1000),
    takeAndSettleUs: rounded((totalMs - pushedMs) / EVENTS * 1000),
    jsonAloneUs: rounded(encodeMs / EVENTS * 1000),
  };
}

/** What keeps up: 1000 events a turn, which are gone the turn after. */
async function steady(folder: string): Promise<Record<string, number>> {
  const burstOf = events(EVENTS);
  using journal = open(folder, "steady");
  const startMs = performance.now();
  for (let from = 0; from < EVENTS; from += 1000) {
    for (const one of burstOf.slice(from, from + 1000)) journal.push(one);
    const leases = Array.from({ length: 10 }, () => journal.take(BATCH));
    for (const lease of leases) lease?.encode();
    await turn();
    for (const lease of leases) if (lease) journal.settle(lease);
  }
  await drain(journal);
  return { eventsPerSec: Math.round(EVENTS / (performance.now() - startMs) * 1000) };
}

/** Microseconds for one event pushed, taken and settled, each written, on top of a backlog. */
async function aboveBacklog(folder: string, backlog: number): Promise<Record<string, number>> {
  using journal = open(folder, `backlog-${backlog}`);
  for (let number = 0; number < backlog; number++) journal.push(event(number, backlog));
  await journal.durable();
  const ROUNDS = 2000;
  const startMs = performance.now();
  for (let number = backlog; number < backlog + ROUNDS; number++) {
    journal.push(event(number, backlog + ROUNDS));
    journal.flush();
    const lease = journal.take(1);
    lease?.encode();
    if (lease) journal.settle(lease);
  }
  const singleUs = (performance.now() - startMs) / ROUNDS * 1000;
  const COUNT = 20_000;
  const extra = Array.from({ length: COUNT }, (_, number) => event(number, backlog));
  const overflowMs = performance.now();
  for (const one of extra) journal.push(one);
  await journal.durable();
  const pushUs = (performance.now() - overflowMs) / COUNT * 1000;
  const openMs = performance.now();
  journal[Symbol.dispose]();
  using reopened = open(folder, `backlog-${backlog}`);
  return {
    backlog,
    singleUs: rounded(singleUs),
    pushUs: rounded(pushUs),
    reopenMs: rounded(performance.now() - openMs),
    waiting: reopened.waiting,
  };
}

async function rssMiB(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status");
  return rounded(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024);
}

/** Resident memory of this process with an empty journal, and with 100,000 events of as many keys waiting in it. */
async function memory(folder: string): Promise<Record<string, number>> {
  using journal = open(folder, "memory");
  for (let number = 0; number < 500; number++) journal.push(event(number, EVENTS));
  await drain(journal); // all code has run once
  const idleRssMiB = await rssMiB();
  for (let number = 0; number < EVENTS; number++) {
    journal.push(event(number, EVENTS));
    if (number % 200 === 0) await turn();
  }
  await journal.durable();
  const waitingRssMiB = await rssMiB();
  return { idleRssMiB, waitingRssMiB, growthMiB: rounded(waitingRssMiB - idleRssMiB) };
}

const figures: Record<string, (folder: string) => Promise<unknown>> = {
  memory,
  burst,
  steady,
  backlog: async (folder) => {
    const results = [];
    for (const backlog of BACKLOGS) results.push(await aboveBacklog(folder, backlog));
    return results;
  },
};

const folder = await Deno.makeTempDir({ prefix: "pawl-bench-" });
const results: Record<string, unknown> = {};
for (const [name, take] of Object.entries(figures)) {
  if (Deno.args.length === 0 || Deno.args.includes(name)) results[name] = await take(folder);
}
await Deno.remove(folder, { recursive: true });
await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(results, null, 2)}\n`));
