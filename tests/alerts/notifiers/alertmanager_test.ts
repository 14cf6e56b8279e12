import assert from "node:assert/strict";
import { type AlertEvent, alertEvent, type EventStatus } from "../../../lib/alerts/event.ts";
import { alertmanagerSender } from "../../../lib/alerts/notifiers/alertmanager.ts";
import { AlertmanagerAlerts, postableAlert } from "../../../lib/alerts/notifiers/alertmanager_alerts.ts";
import { PermanentSendError, TransientSendError } from "../../../lib/alerts/notifiers/sender.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";
import { HttpReceiver } from "./http_receiver.ts";

const forever = new AbortController().signal;
const NOW_MS = Date.UTC(2026, 0, 31, 12);
const IN_30_DAYS = "2026-03-02T12:00:00.000Z";

function event(status: EventStatus, change: Partial<AlertEvent> = {}): AlertEvent {
  const labels = { check: "disk::space_usage", target: "/data" };
  const options = {
    timeSec: NOW_MS / 1000 - 60,
    status,
    labels,
    description: "99 %",
    attrs: { "current.value": "99" },
  };
  return { ...alertEvent(options), ...change };
}

/** Which severities are said to be open (+) or over (-), in the order posted. */
function posted(alerts: AlertmanagerAlerts, ...events: AlertEvent[]): string[] {
  const translation = alerts.translate(events, NOW_MS);
  translation.arrived();
  return translation.alerts.map(({ labels, endsAt }) =>
    `${endsAt > IN_30_DAYS.slice(0, 10) ? "+" : "-"}${labels["severity"]}`
  );
}

Deno.test("an event becomes an alert with name, severity, start and annotations", () => {
  assert.deepEqual(postableAlert(event("Critical"), { severity: "critical", wallMs: NOW_MS }), {
    labels: {
      alertname: "disk::space_usage",
      check: "disk::space_usage",
      target: "/data",
      severity: "critical",
    },
    annotations: { description: "99 %", current_value: "99" },
    startsAt: "2026-01-31T11:59:00.000Z",
    endsAt: IN_30_DAYS,
  });
});

Deno.test("an Ok becomes the same alert, ended when the event happened", () => {
  const { labels, startsAt, endsAt } = postableAlert(event("Ok"), { severity: "critical", wallMs: NOW_MS });
  assert.deepEqual(labels, postableAlert(event("Critical"), { severity: "critical", wallMs: NOW_MS }).labels);
  assert.deepEqual([startsAt, endsAt], ["2026-01-31T11:59:00.000Z", "2026-01-31T11:59:00.000Z"]);
});

Deno.test("an event of the future happens now, lest its end leave the alert open", () => {
  const ahead = event("Ok", { event_time: NOW_MS / 1000 + 3600 });
  assert.equal(postableAlert(ahead, { severity: "info", wallMs: NOW_MS }).endsAt, "2026-01-31T12:00:00.000Z");
});

Deno.test("a name and a severity that the event brings are kept", () => {
  const alert = event("Warning", { labels: { alertname: "Down", severity: "page", check: "c" } });
  const { labels } = postableAlert(alert, { severity: "warning", wallMs: NOW_MS });
  assert.deepEqual(labels, { alertname: "Down", severity: "page", check: "c" });
  const nameless = postableAlert(event("Info", { labels: { a: "b" } }), { severity: "info", wallMs: NOW_MS });
  assert.deepEqual(nameless.labels, { alertname: "pawl", severity: "info", a: "b" });
});

Deno.test("an attribute named like the description does not hide it", () => {
  const attrs = { description: "other" };
  const { annotations } = postableAlert(event("Info", { attrs }), { severity: "info", wallMs: NOW_MS });
  assert.equal(annotations["description"], "99 %");
  assert.deepEqual(Object.values(annotations).sort(), ["99 %", "other"]);
});

Deno.test("a change of severity ends the alert of the old one", () => {
  const alerts = new AlertmanagerAlerts();
  assert.deepEqual(posted(alerts, event("Warning")), ["+warning"]);
  assert.deepEqual(posted(alerts, event("Critical")), ["-warning", "+critical"]);
  assert.deepEqual(posted(alerts, event("Critical")), ["+critical"]);
  assert.deepEqual(posted(alerts, event("Info"), event("Warning")), [
    "-critical",
    "+info",
    "-info",
    "+warning",
  ]);
});

Deno.test("the first Ok of a key ends whatever may be open; later ones what is", () => {
  const alerts = new AlertmanagerAlerts();
  assert.deepEqual(posted(alerts, event("Ok")), ["-critical", "-warning", "-info"]);
  assert.deepEqual(posted(alerts, event("Warning"), event("Ok")), ["+warning", "-warning"]);
  assert.deepEqual(posted(alerts, event("Ok")), []);
  const other = event("Warning", { alert_key: "other" });
  assert.deepEqual(posted(alerts, other, { ...other, event_status: "Ok" }), [
    "+warning",
    "-critical",
    "-warning",
    "-info",
  ]);
});

Deno.test("an event with a severity of its own is one alert, whatever its status", () => {
  const alerts = new AlertmanagerAlerts();
  const labels = { alertname: "Down", severity: "page" };
  const statuses = ["Warning", "Critical", "Ok"] as const;
  assert.deepEqual(statuses.flatMap((status) => posted(alerts, event(status, { labels }))), [
    "+page",
    "+page",
    "-page",
  ]);
});

Deno.test("what did not arrive was not learnt", () => {
  const alerts = new AlertmanagerAlerts();
  alerts.translate([event("Ok")], NOW_MS);
  assert.deepEqual(posted(alerts, event("Ok")), ["-critical", "-warning", "-info"]);
});

Deno.test("of many keys the longest unused are forgotten, and their Ok ends all three severities", () => {
  const alerts = new AlertmanagerAlerts();
  const keyed = (key: number, status: EventStatus) => event(status, { alert_key: `${key}` });
  for (let key = 0; key < 10_000; key++) posted(alerts, keyed(key, "Ok"));
  assert.deepEqual(posted(alerts, keyed(0, "Warning"), keyed(0, "Ok")), ["+warning", "-warning"]);
  posted(alerts, keyed(10_000, "Ok")); // key 1 is the longest unused
  assert.deepEqual(posted(alerts, keyed(0, "Ok")), []);
  assert.deepEqual(posted(alerts, keyed(1, "Ok")).length, 3);
});

Deno.test("alerts are posted in one array to the API under the address", async () => {
  const clock = new FakeClock();
  for (
    const [path, expected] of [["", "/api/v2/alerts"], ["am", "/am/api/v2/alerts"], [
      "am/",
      "/am/api/v2/alerts",
    ]]
  ) {
    await using receiver = new HttpReceiver();
    const sender = alertmanagerSender({
      url: new URL(path ?? "", receiver.url),
      clock,
      headers: { "X-Scope": "a" },
    });
    await sender.send([event("Warning"), event("Critical", { alert_key: "k" })], forever);
    const [request] = receiver.requests;
    assert.deepEqual([request?.method, request?.path], ["POST", expected]);
    assert.equal(request?.headers.get("x-scope"), "a");
    assert.deepEqual(
      (request?.json as { labels: Record<string, string> }[]).map(({ labels }) => labels["severity"]),
      [
        "warning",
        "critical",
      ],
    );
  }
});

Deno.test("a send that failed is made again as it was", async () => {
  let status = 503;
  await using receiver = new HttpReceiver(() => new Response("", { status }));
  const sender = alertmanagerSender({ url: receiver.url, clock: new FakeClock() });
  const events = [event("Warning"), event("Ok"), event("Info")];
  await assert.rejects(sender.send(events, forever), TransientSendError);
  status = 400;
  await assert.rejects(sender.send(events, forever), PermanentSendError);
  status = 200;
  await sender.send(events, forever);
  const [first, second, third] = receiver.requests.map(({ text }) => text);
  assert.deepEqual([first, second], [second, third]);
});

Deno.test("an address that cannot be used is refused when the sender is made", () => {
  assert.throws(() => alertmanagerSender({ url: "alerts.example:9093/x y" }), TypeError);
  assert.throws(() => alertmanagerSender({ url: "" }), /TypeError: .*no URL/);
});
