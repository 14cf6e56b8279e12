import assert from "node:assert/strict";
import fc from "fast-check";
import { type AlertEvent, alertEvent, alertKey } from "../../../lib/alerts/event.ts";
import { pagerdutyEvent, pagerdutySender } from "../../../lib/alerts/notifiers/pagerduty.ts";
import { PermanentSendError, TransientSendError } from "../../../lib/alerts/notifiers/sender.ts";
import { HttpReceiver } from "./http_receiver.ts";

const forever = new AbortController().signal;
const routingKey = "R0123456789ABCDEF";
const where = { source: "db1.example", wallMs: 1_800_000_000_000 };

const full: AlertEvent = alertEvent({
  timeSec: 1_700_000_000,
  status: "Critical",
  labels: { check: "disk::space_usage", target: "/data", from_agent: "a" },
  attrs: { current_value: "99 %" },
  description: "disk space usage is 99 %",
});

/** The payload of the trigger that `event` becomes. */
function payload(event: Partial<AlertEvent>): Record<string, unknown> {
  return pagerdutyEvent({ ...full, ...event }, where)["payload"] as Record<string, unknown>;
}

Deno.test("an event that is not Ok triggers, with everything an operator needs", async () => {
  await using receiver = new HttpReceiver(() => Response.json({ status: "success" }, { status: 202 }));
  const sender = pagerdutySender({
    routingKey,
    source: "db1.example",
    url: new URL("v2/enqueue", receiver.url),
  });
  assert.equal(sender.maxBatch, 1);
  await sender.send([full], forever);
  assert.deepEqual(receiver.requests.map(({ method, path }) => `${method} ${path}`), ["POST /v2/enqueue"]);
  assert.deepEqual(receiver.requests[0]?.json, {
    routing_key: routingKey,
    event_action: "trigger",
    dedup_key: full.alert_key,
    payload: {
      summary: "disk space usage is 99 %",
      source: "db1.example",
      severity: "critical",
      timestamp: "2023-11-14T22:13:20.000Z",
      component: "/data",
      class: "disk::space_usage",
      custom_details: {
        description: "disk space usage is 99 %",
        labels: full.labels,
        attrs: { current_value: "99 %" },
      },
    },
  });
});

Deno.test("an Ok resolves what its key triggered", async () => {
  await using receiver = new HttpReceiver(() => new Response("", { status: 202 }));
  const sender = pagerdutySender({ routingKey, url: receiver.url });
  await sender.send([{ ...full, event_status: "Ok" }], forever);
  const expected = { routing_key: routingKey, event_action: "resolve", dedup_key: full.alert_key };
  assert.deepEqual(receiver.requests[0]?.json, expected);
});

Deno.test("severities have PagerDuty's names", () => {
  assert.deepEqual(
    (["Critical", "Warning", "Info"] as const).map((event_status) => payload({ event_status })["severity"]),
    ["critical", "warning", "info"],
  );
});

Deno.test("the source is what the labels say is affected, else this host", () => {
  const source = (labels: Record<string, string>) => payload({ labels })["source"];
  assert.equal(source({ host: "h", instance: "i:9100", hostname: "n" }), "i:9100");
  assert.equal(source({ host: "h", instance: "", hostname: "n" }), "n");
  assert.equal(source({ host: "h" }), "h");
  assert.equal(source({}), "db1.example");
});

Deno.test("the summary is 1024 bytes at most, cut between characters, and never empty", () => {
  const summary = (description: string) => payload({ description })["summary"] as string;
  const bytes = (text: string) => new TextEncoder().encode(text).byteLength;
  assert.equal(bytes(summary("x".repeat(5000))), 1024);
  assert.equal(summary(`${"x".repeat(1022)}\u{1f525}`), "x".repeat(1022));
  assert.equal(summary(`${"x".repeat(1020)}\u{1f525}tail`), `${"x".repeat(1020)}\u{1f525}`);
  assert.equal(summary(" \n"), "Critical disk::space_usage /data");
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 2000, size: "max" }), (description) => {
    const text = summary(`a${description}`);
    assert.ok(bytes(text) <= 1024);
    assert.ok(`a${description}`.startsWith(text) && text.isWellFormed());
    assert.ok(bytes(text) > 1020 || text === `a${description}`.trim());
  }));
});

Deno.test("a key that PagerDuty would not take gets one of equal worth", () => {
  const dedupKey = (alert_key: string) =>
    pagerdutyEvent({ ...full, alert_key }, where)["dedup_key"] as string;
  assert.equal(dedupKey("k".repeat(255)), "k".repeat(255));
  assert.match(dedupKey("k".repeat(256)), /^[0-9a-f]{32}$/);
  assert.notEqual(dedupKey("k".repeat(256)), dedupKey("k".repeat(257)));
  assert.equal(dedupKey(""), alertKey(full.labels));
});

Deno.test("a time that has no form gives way to the present", () => {
  for (const event_time of [0, -5, 1e300, NaN]) {
    assert.equal(payload({ event_time })["timestamp"], "2027-01-15T08:00:00.000Z", `${event_time}`);
  }
});

Deno.test("only 202 says that PagerDuty has it; another 2xx is something else's answer, and tried again", async () => {
  for (
    const [status, kind] of [
      [200, TransientSendError],
      [204, TransientSendError],
      [429, TransientSendError],
      [500, TransientSendError],
      [400, PermanentSendError],
    ] as const
  ) {
    await using receiver = new HttpReceiver(() => new Response(null, { status }));
    await assert.rejects(
      pagerdutySender({ routingKey, url: receiver.url }).send([full], forever),
      kind,
      `${status}`,
    );
  }
});

Deno.test("the routing key shows in no error, also where the answer quotes it", async () => {
  const body = { status: "invalid event", errors: [`'${routingKey}' is unknown`] };
  await using receiver = new HttpReceiver(() => Response.json(body, { status: 400 }));
  const sending = pagerdutySender({ routingKey, url: receiver.url }).send([full], forever);
  await assert.rejects(sending, (error: Error) => {
    assert.match(error.message, /HTTP 400 \(.*invalid event.*'\[redacted\]' is unknown/);
    return !`${error.stack}${error.cause}`.includes(routingKey);
  });
});

Deno.test("an empty routing key is refused when the sender is made", () => {
  assert.throws(() => pagerdutySender({ routingKey: "" }), /TypeError: .*routing key is empty/);
});
