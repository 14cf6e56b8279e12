/**
 * A hub in a thread of its own: it decodes, stores and acks as any hub must. It posts its address, then `true` each
 * time the wanted number of events, which is posted to it, has arrived since.
 */
/// <reference lib="deno.worker" />
import { MemoryStore, startHub } from "../../lib/hub/mod.ts";

let wanted = Infinity;
let events = 0;

self.onmessage = ({ data }) => {
  wanted = Number(data);
  events = 0;
};

const hub = await startHub({
  store: new MemoryStore({ maxEvents: 1000 }),
  capabilities: ["alert_ack"],
  onEvent(event) {
    if (event.type !== "alerts") return;
    events += event.events.length;
    if (events < wanted) return;
    wanted = Infinity;
    self.postMessage(true);
  },
});
self.postMessage(hub.address);
