import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { type Behaviour, FakeHub } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { droppedOf } from "./accounting.ts";
import { AgentProcess } from "./agent_process.ts";
import { say } from "./say.ts";

const MIB = 1024 * 1024;

const MAX_WAITING_BYTES = 8 * MIB;
const PER_REQUEST = 100;

/** Events of 2 KiB each: many times what may wait, so that the heap is as large as it gets, and then three times as much. */
const FILLING = 30_000;
const MORE = 3 * FILLING;

/** Of 180 MiB that come, and must not stay. */
const MAX_GROWTH_BYTES = 72 * MIB;

function body(from: number): string {
  const events = Array.from({ length: PER_REQUEST }, (_, index) => ({
    event_status: "Warning",
    labels: { check: "flood", key: `${(from + index) % 30}` },
    attrs: { n: `${from + index}` },
    description: "x".repeat(2048),
  }));
  return JSON.stringify(events);
}

const hubs: Record<string, Behaviour> = {
  "never acks, and says nothing": { capabilities: ["alert_ack"], silentAfter: 1, decode: "count" },
  "neither acks nor reads": { stopReadingAfter: 2, decode: "count" },
};

for (const [what, behaviour] of Object.entries(hubs)) {
  Deno.test(`memory stays flat before a hub that ${what}, however much is pushed`, async () => {
    await using folder = new TempFolder();
    await using hub = await FakeHub.start(behaviour);
    await using agent = await AgentProcess.start({
      address: hub.address,
      stateDir: folder.at("state"),
      queue: { maxBytes: MAX_WAITING_BYTES },
    });
    let pushed = 0;
    const push = async (count: number) => {
      for (const end = pushed + count; pushed < end; pushed += PER_REQUEST) {
        const { status, text } = await agent.post(body(pushed));
        assert.equal(status, 202, text);
      }
      return await agent.metric("process_resident_memory_bytes");
    };
    const fullBytes = await push(FILLING);
    const thenBytes = await push(MORE);
    const inMib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`;
    say(`${inMib(fullBytes)} when full, ${inMib(thenBytes)} after three times as much`);
    assert.ok(thenBytes - fullBytes < MAX_GROWTH_BYTES, `${inMib(fullBytes)} grew to ${inMib(thenBytes)}`);

    await until("the hub was tried again", () => hub.connections.length > 1);
    const figures = await agent.server();
    assert.equal(figures.accepted, pushed);
    assert.equal(figures.accepted, figures.settled + figures.waiting + droppedOf(figures));
    // Beside what waits, the buffers of both ends' sockets are full of what is on its way: some MiB of the kernel's.
    assert.ok(figures.waiting_bytes < 4 * MAX_WAITING_BYTES, `${figures.waiting_bytes} bytes wait`);
    assert.ok(figures.dropped.superseded > MORE, "older events made room for newer ones of their key");
    assert.equal(figures.dropped.overflow, 0);
  });
}
