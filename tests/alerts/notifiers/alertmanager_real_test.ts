import assert from "node:assert/strict";
import { Destination } from "../../../lib/alerts/destination.ts";
import { type AlertEvent, alertEvent, type EventStatus } from "../../../lib/alerts/event.ts";
import { alertmanagerSender } from "../../../lib/alerts/notifiers/alertmanager.ts";
import { RingBuffer } from "../../../lib/alerts/ring_buffer.ts";
import { parseAlertmanagerWebhook } from "../../../lib/local/alertmanager_webhook.ts";
import { until } from "../../fakes/until.ts";
import { HttpReceiver } from "./http_receiver.ts";
import { alertmanagerPath, freePort, type ListedAlert, RealAlertmanager } from "./real_alertmanager.ts";

/** Registers a test that needs the real thing; where it is not installed, its name says why it is skipped. */
function test(name: string, body: () => Promise<void>): void {
  const ignore = alertmanagerPath === undefined;
  const reason = ignore ? " (skipped: prometheus-alertmanager is not installed)" : "";
  Deno.test({ name: `real Alertmanager: ${name}${reason}`, ignore, fn: body, timeout: 60_000 });
}

/** A destination that sends to an Alertmanager, real time and all. */
function destinationAt(url: URL): Destination {
  const queue = new RingBuffer<AlertEvent>();
  const destination = new Destination({ name: "alertmanager", queue, sender: alertmanagerSender({ url }) });
  destination.start();
  return destination;
}

const nowSec = () => Math.floor(Date.now() / 1000);

function event(status: EventStatus, labels: Record<string, string>, timeSec = nowSec()): AlertEvent {
  const attrs = { "current.value": "99 %" };
  return alertEvent({ timeSec, status, labels, description: `it is ${status}`, attrs });
}

/** Forwards and waits until all of it has arrived, none of it refused. */
async function deliver(destination: Destination, ...events: AlertEvent[]): Promise<void> {
  for (const event of events) destination.forward(event);
  assert.equal(await destination.flush(20_000), true, destination.lastError);
  assert.equal(destination.figures.dropped.rejected, 0, destination.lastError);
}

const names = (alerts: ListedAlert[]) =>
  alerts.map(({ labels }) => `${labels["alertname"]} ${labels["severity"]}`).sort();

test("an event opens an alert, a change of severity replaces it, an Ok ends it", async () => {
  await using manager = await RealAlertmanager.start();
  await using destination = destinationAt(manager.url);
  const labels = { check: "disk::space_usage", target: "/data" };

  const beganSec = nowSec() - 600;
  await deliver(destination, event("Warning", labels, beganSec));
  const [alert, ...others] = await manager.alerts();
  assert.deepEqual(others, []);
  assert.deepEqual(alert?.labels, { ...labels, alertname: "disk::space_usage", severity: "warning" });
  assert.deepEqual(alert.annotations, { description: "it is Warning", current_value: "99 %" });
  assert.equal(Date.parse(alert.startsAt), beganSec * 1000);
  // Far beyond the five minutes after which an alert without an end is taken to be over.
  assert.ok(Date.parse(alert.endsAt) > Date.now() + 24 * 3_600_000);

  await deliver(destination, event("Critical", labels, beganSec + 60));
  assert.deepEqual(names(await manager.alerts()), ["disk::space_usage critical"]);
  await deliver(destination, event("Ok", labels, beganSec + 120));
  assert.deepEqual(await manager.alerts(), []);
  await deliver(destination, event("Warning", labels, beganSec + 120)); // in the second in which it was over
  assert.deepEqual(names(await manager.alerts()), ["disk::space_usage warning"]);
});

test("a problem that is over in the second in which it began is over", async () => {
  await using manager = await RealAlertmanager.start();
  await using destination = destinationAt(manager.url);
  const labels = { check: "flapping" };
  const timeSec = nowSec();
  const statuses = ["Warning", "Ok", "Critical", "Ok"] as const;
  await deliver(destination, ...statuses.map((status) => event(status, labels, timeSec)));
  assert.deepEqual(await manager.alerts(), []);
});

test("an Ok after a restart of the agent ends what was open before", async () => {
  await using manager = await RealAlertmanager.start();
  const labels = { check: "disk::space_usage" };
  {
    await using before = destinationAt(manager.url);
    await deliver(before, event("Critical", labels, nowSec() - 60), event("Warning", { check: "other" }));
  }
  await using after = destinationAt(manager.url);
  await deliver(after, event("Ok", labels));
  assert.deepEqual(names(await manager.alerts()), ["other warning"]);
});

test("labels of every kind are taken, told apart, and ended", async () => {
  await using manager = await RealAlertmanager.start();
  await using destination = destinationAt(manager.url);
  const tables: Record<string, string>[] = [
    { check: "names", "a.b": "1", a_b: "2", "a-b": "3", "1st": "4", größe: "5", "": "6" },
    { check: "values", quote: '"\\\n\t', emoji: "\u{1f525}", lone: "\ud800", empty: "" },
    { alertname: "Own", severity: "page" },
    { only: "this" },
    {},
    Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`label ${index}`, "x".repeat(4000)])),
  ];
  await deliver(destination, ...tables.map((labels) => event("Critical", labels)));
  const alerts = await manager.alerts();
  assert.deepEqual(names(alerts), [
    "Own page",
    "names critical",
    "pawl critical",
    "pawl critical",
    "pawl critical",
    "values critical",
  ]);
  const named = alerts.find(({ labels }) => labels["alertname"] === "names");
  const own = Object.entries(named?.labels ?? {}).filter(([name]) =>
    !["alertname", "severity", "check"].includes(name)
  );
  assert.deepEqual(own.map(([, value]) => value).sort(), ["1", "2", "3", "4", "5", "6"]);
  await deliver(destination, ...tables.map((labels) => event("Ok", labels)));
  assert.deepEqual(await manager.alerts(), []);
});

test("what happened while it was away arrives when it is back", async () => {
  const port = freePort();
  await using destination = destinationAt(new URL(`http://127.0.0.1:${port}`));
  const labels = (number: number) => ({ check: "numbered", number: `${number}` });
  for (let number = 0; number < 200; number++) destination.forward(event("Warning", labels(number)));
  for (let number = 0; number < 150; number++) destination.forward(event("Ok", labels(number)));
  await until("an attempt has failed", () => destination.consecutiveFailures > 0);
  await using manager = await RealAlertmanager.start({ port });
  await deliver(destination);
  const open = (await manager.alerts()).map(({ labels }) => Number(labels["number"])).sort((a, b) => a - b);
  assert.deepEqual(open, Array.from({ length: 50 }, (_, index) => 150 + index));
});

test("what it notifies of comes back as events: firing by severity, resolved as Ok, under one key", async () => {
  const received: AlertEvent[] = [];
  await using receiver = new HttpReceiver(({ text }) => {
    const defaults = { labels: { from_agent: "a" }, timeSec: nowSec() };
    received.push(...parseAlertmanagerWebhook(text, defaults).events);
    return new Response("", { status: 202 });
  });
  await using manager = await RealAlertmanager.start({ webhook: new URL("v1/alertmanager", receiver.url) });
  await using destination = destinationAt(manager.url);
  const labels = { check: "disk::space_usage", target: "/data" };
  const beganSec = nowSec() - 60;

  await deliver(destination, event("Critical", labels, beganSec));
  const [firing] = await until("it has notified", () => received.length > 0 && received);
  const returned = { ...labels, alertname: "disk::space_usage", severity: "critical", from_agent: "a" };
  assert.deepEqual([firing?.event_status, firing?.event_time, firing?.labels], [
    "Critical",
    beganSec,
    returned,
  ]);
  assert.equal(firing?.description, "it is Critical");
  assert.equal(firing.attrs?.["current_value"], "99 %");

  const overSec = beganSec + 30;
  await deliver(destination, event("Ok", labels, overSec));
  const over = await until(
    "it has notified of the end",
    () => received.find(({ event_status }) => event_status === "Ok"),
  );
  assert.deepEqual([over.alert_key, over.event_time], [firing.alert_key, overSec]);
  assert.ok(receiver.requests.every(({ path }) => path === "/v1/alertmanager"));
});
