import assert from "node:assert/strict";
import { configureSync, type LogRecord, resetSync } from "@logtape/logtape";
import { alertKey } from "../../lib/alerts/event.ts";
import { parseAlertmanagerWebhook } from "../../lib/local/alertmanager_webhook.ts";
import { HttpError } from "../../lib/local/http_error.ts";
import { type Answer, LocalRig } from "./local_rig.ts";

const defaults = { labels: { from_agent: "agent-1" }, timeSec: 1_700_000_000.5 };

/** A body as Alertmanager 0.25 sends it. */
function webhook(alerts: unknown[], changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    receiver: "pawl",
    status: "firing",
    alerts,
    groupLabels: { alertname: "DiskFull" },
    commonLabels: { alertname: "DiskFull", severity: "critical" },
    commonAnnotations: {},
    externalURL: "http://am:9093",
    version: "4",
    groupKey: '{}:{alertname="DiskFull"}',
    truncatedAlerts: 0,
    ...changes,
  };
}

function alert(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    status: "firing",
    labels: { alertname: "DiskFull", instance: "web-1:9100", severity: "critical" },
    annotations: {
      summary: "Disk is full",
      description: "/var has 1 % left",
      runbook_url: "http://wiki/disk",
    },
    startsAt: "2026-03-01T10:00:00.123Z",
    endsAt: "0001-01-01T00:00:00Z",
    generatorURL: "http://prom/graph?x",
    fingerprint: "c3a4f1d2b5e60718",
    ...changes,
  };
}

function eventsOf(alerts: unknown[]) {
  return parseAlertmanagerWebhook(JSON.stringify(webhook(alerts)), defaults).events;
}

function post(rig: LocalRig, body: unknown): Promise<Answer> {
  return rig.fetch("/v1/alertmanager", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

Deno.test("a firing alert becomes one event with its labels and annotations", () => {
  const labels = {
    from_agent: "agent-1",
    alertname: "DiskFull",
    instance: "web-1:9100",
    severity: "critical",
  };
  assert.deepEqual(eventsOf([alert()]), [{
    event_time: Date.UTC(2026, 2, 1, 10) / 1000,
    event_status: "Critical",
    alert_key: alertKey(labels),
    labels,
    attrs: { runbook_url: "http://wiki/disk", generator_url: "http://prom/graph?x" },
    description: "Disk is full\n/var has 1 % left",
  }]);
});

Deno.test("resolved is Ok, at the time it ended, under the key it had while firing", () => {
  const [firing, resolved] = eventsOf([
    alert(),
    alert({ status: "resolved", endsAt: "2026-03-01T11:30:00+01:00" }),
  ]);
  assert.equal(resolved?.event_status, "Ok");
  assert.equal(resolved?.event_time, Date.UTC(2026, 2, 1, 10, 30) / 1000);
  assert.equal(resolved?.alert_key, firing?.alert_key);
});

Deno.test("the label severity decides how bad it is; without one, or with another, it is a warning", () => {
  for (
    const [severity, status] of [
      ["critical", "Critical"],
      ["Critical", "Critical"],
      ["error", "Critical"],
      ["page", "Critical"],
      ["warning", "Warning"],
      ["info", "Info"],
      ["none", "Warning"],
      ["purple", "Warning"],
      ["constructor", "Warning"],
      [undefined, "Warning"],
    ] as const
  ) {
    const [event] = eventsOf([alert({ labels: { alertname: "X", ...(severity && { severity }) } })]);
    assert.equal(event?.event_status, status, severity);
  }
});

Deno.test("what an alert lacks is made up for", () => {
  const bare = { status: "firing", labels: { alertname: "Down" } };
  const [event] = eventsOf([bare]);
  assert.deepEqual([event?.event_time, event?.description, event?.attrs], [1_700_000_000, "Down", undefined]);
  const [odd] = eventsOf([alert({ startsAt: "yesterday", annotations: null, generatorURL: "" })]);
  assert.deepEqual([odd?.event_time, odd?.description, odd?.attrs], [1_700_000_000, "DiskFull", undefined]);
  assert.equal(eventsOf([alert({ startsAt: "0001-01-01T00:00:00Z" })])[0]?.event_time, 1_700_000_000);
});

Deno.test("annotations that are too long are cut between characters, labels never", () => {
  const [event] = eventsOf([alert({
    labels: { alertname: "X", long: "l".repeat(5000) },
    annotations: { summary: "ö".repeat(40_000), note: "é".repeat(3000) },
  })]);
  const bytes = (text = "") => new TextEncoder().encode(text).length;
  assert.ok(bytes(event?.description) <= 65_536 && bytes(event?.description) > 65_530);
  assert.match(event?.description ?? "", /^ö+…$/);
  assert.ok(bytes(event?.attrs?.["note"]) <= 4096);
  assert.equal(event?.labels["long"]?.length, 5000);
});

for (
  const [what, body, status] of [
    ["no JSON", "{", 400],
    ["nothing", "", 400],
    ["a list", "[]", 422],
    ["another version", JSON.stringify(webhook([], { version: "3" })), 422],
    ["no version", JSON.stringify(webhook([], { version: undefined })), 422],
    ["no alerts", JSON.stringify(webhook([], { alerts: undefined })), 422],
    ["an alert without labels", JSON.stringify(webhook([alert({ labels: undefined })])), 422],
    ["an alert with a label that is no string", JSON.stringify(webhook([alert({ labels: { a: 1 } })])), 422],
    ["an unknown status", JSON.stringify(webhook([alert({ status: "odd" })])), 422],
    [
      "labels beyond all bounds",
      JSON.stringify(webhook([alert(), alert({ labels: { a: "x".repeat(300_000) } })])),
      422,
    ],
  ] as const
) {
  Deno.test(`a webhook body with ${what} is refused with ${status}, and nothing of it is taken`, async () => {
    await using rig = await LocalRig.start();
    const answer = await post(rig, body);
    assert.equal(answer.status, status);
    assert.equal(typeof answer.json.error, "string");
    assert.deepEqual(rig.port.events, []);
  });
}

Deno.test("fields that are not known are passed over", async () => {
  await using rig = await LocalRig.start();
  const answer = await post(rig, webhook([alert({ newField: {} })], { notificationReason: "x" }));
  assert.deepEqual([answer.status, answer.json, rig.port.events.length], [202, { accepted: 1 }, 1]);
});

Deno.test("what Alertmanager must send again is answered with 503, for it gives up on 429", async () => {
  await using rig = await LocalRig.start({ eventsPerSec: 1 });
  rig.port.room = 0;
  const full = await post(rig, webhook([alert()]));
  assert.deepEqual([full.status, full.headers.get("retry-after")], [503, "3"]);
  rig.port.room = 9;
  assert.equal((await post(rig, webhook([alert()]))).status, 202);
  const fast = await post(rig, webhook([alert()]));
  assert.equal(fast.status, 503);
  assert.match(fast.json.error, /too fast/);
});

Deno.test("alerts that the sender left out are noted in the log", async () => {
  const records: LogRecord[] = [];
  configureSync({
    sinks: { kept: (record) => records.push(record) },
    loggers: [{ category: "pawl", lowestLevel: "warning", sinks: ["kept"] }, {
      category: ["logtape", "meta"],
      sinks: [],
    }],
  });
  try {
    await using rig = await LocalRig.start();
    assert.equal((await post(rig, webhook([alert()]))).status, 202);
    assert.deepEqual(records, []);
    assert.equal((await post(rig, webhook([alert()], { truncatedAlerts: 7 }))).status, 202);
    assert.deepEqual(records.map(({ rawMessage, properties }) => [rawMessage, properties]), [
      ["local.alertmanager_truncated", { truncatedAlerts: 7, alerts: 1 }],
    ]);
  } finally {
    resetSync();
  }
});

Deno.test("the error of a body that cannot be read says which field it is", () => {
  assert.throws(
    () => parseAlertmanagerWebhook(JSON.stringify(webhook([alert(), alert({ status: 1 })])), defaults),
    (error) => error instanceof HttpError && /alerts\.1\.status/.test(error.message),
  );
});
