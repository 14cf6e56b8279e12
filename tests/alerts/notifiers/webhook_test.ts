import assert from "node:assert/strict";
import { webhookSender } from "../../../lib/alerts/notifiers/webhook.ts";
import { alertEvent } from "../../../lib/alerts/event.ts";
import { alertEventSchema } from "../../../lib/protocol/alert_event.ts";
import { numbered } from "../delivery_rig.ts";
import { HttpReceiver } from "./http_receiver.ts";

const forever = new AbortController().signal;

Deno.test("a webhook gets each event as the hub would, one a request", async () => {
  await using receiver = new HttpReceiver();
  const sender = webhookSender({ url: new URL("hooks/alerts?from=pawl", receiver.url) });
  assert.equal(sender.maxBatch, 1);
  const event = alertEvent({
    timeSec: 1_700_000_000,
    status: "Critical",
    labels: { check: "cpu::cpu_usage", größe: "ü" },
    attrs: { current_value: "99 %" },
    description: "busy \u{1f525}",
    descriptionFormat: "markdown",
  });
  await sender.send([event], forever);
  const [request] = receiver.requests;
  assert.deepEqual([request?.method, request?.path], ["POST", "/hooks/alerts?from=pawl"]);
  assert.deepEqual(request?.json, event);
  assert.ok(alertEventSchema().safeParse(request.json).success);
});

Deno.test("a webhook's method and headers are its user's, its content type too", async () => {
  await using receiver = new HttpReceiver();
  const headers = { "Content-Type": "application/vnd.alerts+json", "X-Team": "storage" };
  for (const method of ["PUT", "PATCH"] as const) {
    await webhookSender({ url: receiver.url, method, headers }).send([numbered(1)], forever);
  }
  assert.deepEqual(receiver.requests.map(({ method }) => method), ["PUT", "PATCH"]);
  assert.equal(receiver.requests[0]?.headers.get("content-type"), "application/vnd.alerts+json");
  assert.equal(receiver.requests[0]?.headers.get("x-team"), "storage");
});

Deno.test("a webhook that takes batches gets arrays of up to 100 events", async () => {
  await using receiver = new HttpReceiver();
  const sender = webhookSender({ url: receiver.url, batch: true });
  assert.equal(sender.maxBatch, 100);
  await sender.send([numbered(1), numbered(2)], forever);
  await sender.send([numbered(3)], forever);
  assert.deepEqual(receiver.requests.map(({ json }) => json), [[numbered(1), numbered(2)], [numbered(3)]]);
});
