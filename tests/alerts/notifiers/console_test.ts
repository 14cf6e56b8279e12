import assert from "node:assert/strict";
import { type AlertEvent, alertEvent } from "../../../lib/alerts/event.ts";
import { consoleLine, consoleSender } from "../../../lib/alerts/notifiers/console.ts";
import { numbered } from "../delivery_rig.ts";

const forever = new AbortController().signal;
const event: AlertEvent = alertEvent({
  timeSec: 1_700_000_000,
  status: "Critical",
  labels: { check: "disk::space_usage", target: "/data" },
  description: "disk space usage is 99 %",
});
const line = (change: Partial<AlertEvent>, colors = false) =>
  consoleLine({ ...event, ...change }, { colors, wallMs: 1_800_000_000_123 });

Deno.test("an event is one line: time, status, what it is about, description", () => {
  assert.equal(line({}), "2023-11-14T22:13:20Z CRITICAL disk::space_usage /data  disk space usage is 99 %");
  assert.equal(
    line({ event_status: "Ok", description: "" }),
    "2023-11-14T22:13:20Z OK       disk::space_usage /data",
  );
  assert.equal(line({ labels: { check: "cpu" }, description: "" }), "2023-11-14T22:13:20Z CRITICAL cpu");
  assert.equal(
    line({ labels: { app: "shop", zone: "b" } }),
    "2023-11-14T22:13:20Z CRITICAL app=shop zone=b  disk space usage is 99 %",
  );
  assert.match(line({ event_time: 0 }), /^2027-01-15T08:00:00Z /);
});

Deno.test("each status has a colour of its own, where colours are wanted", () => {
  const codes = (["Critical", "Warning", "Info", "Ok"] as const).map((event_status) => {
    // deno-lint-ignore no-control-regex
    const [, code] = /Z\x1b\[0m \x1b\[(\d+)m/.exec(line({ event_status }, true)) ?? [];
    return code;
  });
  assert.deepEqual(codes, ["31", "33", "36", "32"]);
  // deno-lint-ignore no-control-regex
  const plain = line({}, true).replaceAll(/\x1b\[\d+m/g, "");
  assert.equal(plain, line({}));
});

Deno.test("what is foreign cannot forge a line or drive the terminal", () => {
  const evil = "a\nb\r\x1b]0;owned\x07\u202e\u009b2J";
  for (
    const change of [{ description: evil }, { labels: { check: evil, target: evil } }, {
      labels: { [evil]: evil },
    }]
  ) {
    for (const colors of [false, true]) {
      // deno-lint-ignore no-control-regex
      const text = line(change, colors).replaceAll(/\x1b\[\d+m/g, "");
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u202e]/);
      assert.match(text, /a\\nb\\r/);
    }
  }
});

Deno.test("the lines of one attempt are written at once, plain unless told otherwise by the terminal", async () => {
  const written: string[] = [];
  const write = (lines: string) => Promise.resolve(void written.push(lines));
  const sender = consoleSender({ write, colors: false });
  await sender.send([numbered(1, "one"), numbered(2, "two")], forever);
  assert.deepEqual(written, ["2023-11-14T22:13:20Z WARNING  t  one\n2023-11-14T22:13:20Z WARNING  t  two\n"]);
});

Deno.test("by default events go to standard output, without colours where that is no terminal", async () => {
  const sender = new URL("../../../lib/alerts/notifiers/console.ts", import.meta.url).href;
  const script = `import { consoleSender } from ${JSON.stringify(sender)};
    const events = ${JSON.stringify([event, { ...event, event_status: "Ok" }])};
    await consoleSender().send(events, new AbortController().signal);`;
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "--no-prompt",
      "--ext=ts",
      "--config",
      config,
      `data:application/typescript,${encodeURIComponent(script)}`,
    ],
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(text, `${line({})}\n${line({ event_status: "Ok" })}\n`, new TextDecoder().decode(stderr));
});
