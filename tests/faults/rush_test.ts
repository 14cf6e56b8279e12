import assert from "node:assert/strict";
import { alertEvent, type EventStatus } from "../../lib/agent.ts";
import { AgentRig } from "../agent_rig.ts";
import { range } from "../alerts/delivery_rig.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { until } from "../fakes/until.ts";

const WAITING = 100_000;

/** How many of those that wait may come before an urgent one: what is on its way already, 8 batches, and one more. */
const MAX_BEFORE = 900;

/** Every so many of the waiting events are of the key that turns critical later. */
const OWN_EVERY = 20_000;
const OWN = range(0, WAITING).filter((number) => number % OWN_EVERY === OWN_EVERY / 2);

function event(number: number, status: EventStatus = "Warning") {
  const labels = { check: "t", key: OWN.includes(number) || status === "Critical" ? "own" : `${number}` };
  return alertEvent({ timeSec: 1_700_000_000, status, labels, attrs: { n: `${number}` }, description: "" });
}

Deno.test("with 100,000 waiting, a critical event goes before nearly all of them, and its key's own before it", async () => {
  await using folder = new TempFolder();
  const arrived: number[] = [];
  let pushedAt = -1;
  const read = (text: string) => {
    for (const [, number] of text.matchAll(/"n":"(\d+)"/g)) arrived.push(Number(number));
    if (arrived.length < 5000 || pushedAt >= 0) return;
    pushedAt = arrived.length;
    rig.agent.notify(event(WAITING, "Critical"));
  };
  const hub = { capabilities: ["alert_ack"], decode: "count", onText: read } as const;
  await using rig = await AgentRig.make(hub, { stateDir: folder.path, queue: { maxEvents: 2 * WAITING } });
  for (const number of range(0, WAITING)) rig.agent.notify(event(number));
  rig.run();
  await until("all came", () => arrived.length === WAITING + 1, 60_000);

  const place = arrived.indexOf(WAITING);
  const before = place - pushedAt;
  assert.ok(before <= MAX_BEFORE + OWN.length, `${before} events came before it`);
  assert.deepEqual(arrived.filter((number) => OWN.includes(number)), OWN);
  assert.ok(OWN.every((number) => arrived.indexOf(number) < place), "its predecessors came before it");
  assert.ok(arrived.indexOf(OWN.at(-1) ?? -1) > pushedAt, "one of them was still waiting");
  assert.deepEqual(arrived.toSorted((a, b) => a - b), range(0, WAITING + 1));
});
