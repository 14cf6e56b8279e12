import assert from "node:assert/strict";
import fc from "fast-check";
import { MetricsText } from "../../lib/local/metrics_text.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { parseExposition } from "./exposition.ts";
import { agentStatus } from "./fake_agent_port.ts";
import { LocalRig } from "./local_rig.ts";

Deno.test("the metrics are what the status says", async () => {
  const clock = new FakeClock();
  const startSec = clock.wallMs() / 1000;
  await using rig = await LocalRig.start({ clock, rssBytes: () => 42_000_000 });
  await clock.tick(5000);
  const answer = await rig.fetch("/metrics");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const families = parseExposition(answer.text);
  const figures = Object.fromEntries(
    [...families].map(([name, { samples }]) => [name, Object.fromEntries(samples)]),
  );
  const odd = '{plugin="disk",target="/mnt/\\"odd\\"\\\\name\\n"';
  assert.deepEqual(figures, {
    pawl_build_info: { [`{version="1.2.3",deno="${Deno.version.deno}"}`]: 1 },
    process_start_time_seconds: { "": startSec },
    process_resident_memory_bytes: { "": 42_000_000 },
    pawl_connected: { "": 1 },
    pawl_connection_state: {
      '{state="connected"}': 1,
      '{state="connecting"}': 0,
      '{state="waiting"}': 0,
      '{state="stopped"}': 0,
    },
    pawl_connection_state_since_seconds: { "": 1_699_999_000 },
    pawl_connections_ended_total: { '{reason="lost"}': 2, '{reason="dial_failed"}': 1 },
    pawl_events_accepted_total: { '{destination="server"}': 100, '{destination="pager"}': 7 },
    pawl_events_settled_total: { '{destination="server"}': 80, '{destination="pager"}': 0 },
    pawl_events_dropped_total: {
      '{destination="server",reason="superseded"}': 1,
      '{destination="server",reason="overflow"}': 2,
      '{destination="server",reason="expired"}': 3,
      '{destination="server",reason="rejected"}': 0,
      '{destination="pager",reason="superseded"}': 0,
      '{destination="pager",reason="overflow"}': 0,
      '{destination="pager",reason="expired"}': 0,
      '{destination="pager",reason="rejected"}': 0,
    },
    pawl_events_waiting: { '{destination="server"}': 14, '{destination="pager"}': 7 },
    pawl_events_waiting_bytes: { '{destination="server"}': 2048, '{destination="pager"}': 700 },
    pawl_events_resent_total: { '{destination="server"}': 4, '{destination="pager"}': 0 },
    pawl_batches_total: { '{destination="server"}': 9, '{destination="pager"}': 0 },
    pawl_queue_degraded: { '{destination="server"}': 0, '{destination="pager"}': 1 },
    pawl_sessions_active: { "": 1 },
    pawl_sessions_limit: { "": 3 },
    pawl_sessions_started_total: { '{type="inspect"}': 5 },
    pawl_sessions_refused_total: { '{reason="duplicate session_id"}': 1 },
    pawl_check_results_total: { [`${odd},result="Ok"}`]: 3, [`${odd},result="Warning"}`]: 1 },
    pawl_check_duration_seconds: {
      [`_sum${odd}}`]: 1.5,
      [`_count${odd}}`]: 4,
      '_sum{plugin="cpu",target="cpu"}': 0,
      '_count{plugin="cpu",target="cpu"}': 0,
    },
    pawl_check_last_duration_seconds: { [`${odd}}`]: 0.25 },
    pawl_alerts_open: { '{status="Critical"}': 0, '{status="Warning"}': 1, '{status="Info"}': 0 },
    pawl_silences: { "": 2 },
  });
});

Deno.test("every name ends in its unit, and counters in _total", async () => {
  await using rig = await LocalRig.start();
  for (const [name, { type, help }] of parseExposition((await rig.fetch("/metrics")).text)) {
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.match(help, /^[A-Z1].*\.$/, name);
  }
});

Deno.test("an agent that has done nothing yet has metrics too, without empty families", async () => {
  await using rig = await LocalRig.start();
  const connection = { state: "waiting", hub: "h", since: 1, capabilities: [], ended: {} } as const;
  const sessions = { active: 0, limit: 3, started: {}, refused: {} };
  rig.port.current = agentStatus({ connection, sessions, destinations: [], checks: [] });
  const families = parseExposition((await rig.fetch("/metrics")).text);
  assert.equal(families.get("pawl_connected")?.samples.get(""), 0);
  assert.equal(families.has("pawl_check_results_total"), false);
});

Deno.test("the memory told is the process's own unless a test says otherwise", async () => {
  await using rig = await LocalRig.start();
  const families = parseExposition((await rig.fetch("/metrics")).text);
  assert.ok((families.get("process_resident_memory_bytes")?.samples.get("") ?? 0) > 1_000_000);
});

Deno.test("whatever labels and values are, the text can be read back", () => {
  const samples = fc.uniqueArray(fc.tuple(fc.string({ unit: "binary" }), fc.double()), {
    selector: ([label]) => label,
    minLength: 1,
  });
  fc.assert(fc.property(samples, fc.string({ minLength: 1 }), (samples, help) => {
    const metrics = new MetricsText();
    metrics.add("a", "gauge", `x${help}`, samples.map(([label, value]) => [{ label }, value]));
    const family = parseExposition(metrics.toString()).get("a");
    const read = [...family?.samples ?? []].map(([series, value]) => [
      series.slice('{label="'.length, -'"}'.length)
        .replaceAll(/\\(.)/g, (_, char: string) => char === "n" ? "\n" : char),
      value,
    ]);
    assert.deepEqual(read, samples.map(([label, value]) => [label, value + 0])); // -0 is written 0
  }));
});

Deno.test("a series that comes twice is written once, a family that does is an error", () => {
  const metrics = new MetricsText();
  metrics.add("a", "gauge", "A.", [[{ x: "1" }, 1], [{ x: "1" }, 2]]);
  assert.deepEqual([...parseExposition(metrics.toString()).get("a")?.samples ?? []], [['{x="1"}', 1]]);
  assert.throws(() => metrics.add("a", "gauge", "A.", [[{}, 1]]), /it is there already/);
});

Deno.test("the reader of this test refuses what is not in the format", () => {
  const good = '# HELP a A.\n# TYPE a gauge\na{x="1"} 1\n';
  parseExposition(good);
  for (
    const bad of [
      good.slice(0, -1),
      good + good,
      good.replace("TYPE a", "TYPE b"),
      good.replace("# TYPE a gauge\n", ""),
      good.replace('"1"', "1"),
      good.replace('x="1"', 'x="1",x="2"'),
      good.replace('x="1"', 'x="1",'),
      good.replace('"1"', '"\\x"'),
      good.replace("} 1", "} one"),
      good.replace("} 1", "}  1"),
      `${good}a{x="1"} 2\n`,
      "# HELP a A.\n# TYPE a gauge\n",
    ]
  ) {
    assert.throws(() => parseExposition(bad), Error, bad);
  }
});
