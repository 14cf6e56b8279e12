import assert from "node:assert/strict";
import { UPTIME_CHECK } from "../../lib/checks/uptime.ts";
import { durationText } from "../../lib/host/duration_text.ts";
import { recordedHost } from "../host/recorded_host.ts";
import { gather, makeCheck, refusals } from "./check_rig.ts";

Deno.test("uptime: a host that started lately is told of until it has run for long enough", async () => {
  const host = recordedHost({ uptimeSec: 61 });
  const check = makeCheck(UPTIME_CHECK, {}, { host });
  const [lately] = await gather(check);
  assert.equal(lately?.status, "Warning");
  assert.equal(lately?.description, "the host started 1m 1s ago, less than 10m");
  assert.deepEqual(lately?.labels, { check: "uptime::reboot_detected", target: "system" });
  host.facts = { ...host.facts, uptimeSec: 600 };
  assert.equal((await gather(check))[0]?.status, "Ok");
});

Deno.test("uptime: what counts as lately, and how bad it is, can be set", async () => {
  const settings = { within: "1h", severity: "Critical" };
  const check = makeCheck(UPTIME_CHECK, settings, { host: recordedHost({ uptimeSec: 3599 }) });
  assert.equal((await gather(check))[0]?.status, "Critical");
  assert.match(refusals(UPTIME_CHECK, { within: "soon" }).join(), /must be a duration/);
});

Deno.test("durations read as people write them", () => {
  const texts: [number, string][] = [
    [0, "0ms"],
    [250, "250ms"],
    [999.6, "1s"],
    [61_000, "1m 1s"],
    [3_600_000, "1h"],
    [3_661_000, "1h 1m"],
    [90_061_000, "1d 1h"],
    [86_400_000 * 400, "400d"],
    [-5, "0ms"],
  ];
  for (const [durationMs, text] of texts) assert.equal(durationText(durationMs), text);
});
