import assert from "node:assert/strict";
import { bytesText } from "../../lib/host/figure_text.ts";
import { pawl, PawlProcess } from "./pawl_process.ts";

const DEMO = { permissions: ["-P=demo"] };

/** The folder and the port that the demo said it uses. */
function placesOf(out: string): { folder: string; port: number } {
  const folder = /state in (\/\S+)/.exec(out)?.[1];
  const port = /listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(out)?.[1];
  assert.ok(folder && port, out);
  return { folder, port: Number(port) };
}

async function assertNothingLeft(out: string): Promise<void> {
  const { folder, port } = placesOf(out);
  assert.throws(() => Deno.statSync(folder), Deno.errors.NotFound);
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port }), Deno.errors.ConnectionRefused);
}

Deno.test("pawl demo --once tells of every step, reports on this very host, and leaves nothing behind", async () => {
  const { code, out, err } = await pawl(["demo", "--once"], DEMO);
  assert.deepEqual([code, err], [0, ""]);
  const steps = [
    /hub +listening on ws:/,
    /agent +starting as [0-9a-f-]{36}/,
    /hub +\S.* registered; checks: cpu, mem, disk; agreed on alert_ack,/,
    /hub +heartbeat: 0 sessions/,
    /hub +alert, (Warning|Critical): /, // memory's, but for a host so busy that others come first
    /operator +asks for an inspection/,
    /agent +thinking: /,
    /agent +tool_call: mem\n/,
    /agent +tool_result: memory usage/,
    /agent +answer: /,
    /operator +has the report:\n +# Inspection: /,
    /agent +stopped in order\n/,
  ];
  let rest = out;
  for (const step of steps) {
    const at = rest.search(step);
    assert.ok(at >= 0, `${step} is missing, or is told too early:\n${out}`);
    rest = rest.slice(at);
  }
  const report = out.slice(out.indexOf("# Inspection"));
  assert.ok(report.startsWith(`# Inspection: ${Deno.hostname().replaceAll("_", "\\_")}`), report);
  const total = bytesText(Deno.systemMemoryInfo().total);
  assert.match(
    report,
    new RegExp(`\\| mem::memory\\\\_usage \\|.*\\| Warning \\| \\S+ \\SiB of ${total} used \\|`),
  );
  assert.match(report, new RegExp(`; ${navigator.hardwareConcurrency} processors \\|`));
  await assertNothingLeft(out);
});

Deno.test("SIGINT in the middle of the tour ends hub and agent in order, with exit code 0", async () => {
  await using demo = PawlProcess.start(["demo"], DEMO);
  await demo.said("starting as");
  demo.kill("SIGINT");
  const { code, out, err } = await demo.ended();
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /agent +stopped in order\n/);
  assert.doesNotMatch(out, /the tour is over/);
  await assertNothingLeft(out);
});

Deno.test("without --once the demo goes on after the tour, until it is stopped", async () => {
  await using demo = PawlProcess.start(["demo"], DEMO);
  await demo.said("the tour is over; both go on, Ctrl-C ends them");
  const { port } = placesOf(demo.out);
  (await Deno.connect({ hostname: "127.0.0.1", port })).close();
  demo.kill("SIGTERM");
  const { code, out, err } = await demo.ended();
  assert.deepEqual([code, err], [0, ""]);
  await assertNothingLeft(out);
});

Deno.test("a port that is in use is refused in one line, exit code 2", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  assert.deepEqual(await pawl(["demo", "--port", String(port)], DEMO), {
    code: 2,
    signal: null,
    out: "",
    err: `pawl: cannot start the demo's hub: port ${port} on 127.0.0.1 is in use; ` +
      "name another with --port, or leave it out\n",
  });
});

Deno.test("a step that cannot happen ends the demo with exit code 1, named, and nothing is left behind", async () => {
  // Without the memory's figures there is nothing to raise an alert about.
  const permissions = [
    ...["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write", "--allow-env"],
    "--allow-sys=hostname",
  ];
  const { code, out, err } = await pawl(["demo", "--once", "--deadline", "1"], { permissions });
  assert.equal(code, 1);
  assert.match(err, /(?:^|\n)pawl: an alert from this host did not happen within 1 s\n$/);
  assert.match(out, /agent +stopped in order\n/);
  await assertNothingLeft(out);
});
