/** What single steps on the path of every event cost. */
import { alertEvent } from "../../lib/alerts/event.ts";
import { RingBuffer } from "../../lib/alerts/ring_buffer.ts";
import { Backoff } from "../../lib/link/backoff.ts";
import { decodeToHub, encode } from "../../lib/protocol/mod.ts";

const event = alertEvent({
  timeSec: 0,
  status: "Warning",
  labels: { check: "mem::usage", n: "1" },
  description: "d",
});
const message = { type: "alert_events", id: "1", payload: { events: Array(100).fill(event) } } as const;
const text = encode({ ...message, payload: { events: [...message.payload.events] } });

Deno.bench("ring: push and drain 1000", () => {
  const ring = new RingBuffer<number>();
  for (let n = 0; n < 1000; n++) ring.push(n);
  ring.drain(1000);
});

Deno.bench("encode a batch of 100 events", () => {
  encode({ ...message, payload: { events: message.payload.events as never } });
});

Deno.bench("decode a batch of 100 events", () => {
  decodeToHub(text);
});

const backoff = new Backoff();
const state = backoff.initial();
Deno.bench("backoff: one decision", () => {
  backoff.next({ kind: "lost", reason: "" }, state, Math.random);
});
