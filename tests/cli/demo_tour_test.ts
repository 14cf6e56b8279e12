import assert from "node:assert/strict";
import { DemoNarrator } from "../../lib/cli/demo_narrator.ts";
import { type Demo, demoTour } from "../../lib/cli/demo_tour.ts";
import type { Hub } from "../../lib/hub/server.ts";
import type { HubSession } from "../../lib/hub/hub_session.ts";

const never = new Promise<never>(() => {});
const GOOD_SESSION = {
  accepted: Promise.resolve({ ok: true }),
  final: Promise.resolve({ report: "# all is well\nreally" }),
};

/** A demo in which everything happens at once, but for `missing`. */
function scripted(missing?: string, session: Partial<HubSession> = {}): Demo {
  return {
    hub: { startSession: () => ({ ...GOOD_SESSION, ...session }) } as unknown as Hub,
    agentId: "id",
    happened: (type) => type === missing ? never : Promise.resolve(),
    async [Symbol.asyncDispose]() {},
  };
}

/** Takes the tour and gives what was told. */
async function tour(demo: Demo, { deadlineMs = 20_000, signal = new AbortController().signal } = {}) {
  let told = "";
  const narrator = new DemoNarrator((text) => told += text, false);
  await demoTour({ demo, narrator, deadlineMs, signal });
  return told;
}

Deno.test("the tour ends with the report, each line of it indented", async () => {
  const told = await tour(scripted());
  assert.match(told, /operator {2}has the report:\n {18}# all is well\n {18}really\n$/);
});

for (
  const [demo, step] of [
    [scripted("agent_registered"), "the agent's registration"],
    [scripted("heartbeat"), "the first heartbeat"],
    [scripted("alerts"), "an alert from this host"],
    [scripted(undefined, { accepted: never }), "the answer to the session"],
    [scripted(undefined, { final: never }), "the end of the session"],
  ] as const
) {
  Deno.test(`where ${step} does not come in time, the tour fails and names it`, async () => {
    await assert.rejects(tour(demo, { deadlineMs: 1 }), {
      name: "Error",
      message: `${step} did not happen within 0.001 s`,
    });
  });
}

Deno.test("a session that is refused, fails or has no report fails the tour, with the agent's words", async () => {
  const refused = Promise.resolve({ ok: false, error: "max concurrent sessions reached" });
  await assert.rejects(
    tour(scripted(undefined, { accepted: refused })),
    /^Error: the agent refused the session: max concurrent sessions reached$/,
  );
  await assert.rejects(
    tour(scripted(undefined, { final: Promise.resolve({ error: "no figures" }) })),
    /^Error: the session failed: no figures$/,
  );
  await assert.rejects(
    tour(scripted(undefined, { final: Promise.resolve({}) })),
    /^Error: the session ended without a report$/,
  );
});

Deno.test("a stop ends the tour at whatever step it is, also before the first", async () => {
  const stop = new AbortController();
  const touring = tour(scripted("alerts"), { signal: stop.signal });
  stop.abort(new Error("stopped"));
  await assert.rejects(touring, /^Error: stopped$/);
  await assert.rejects(tour(scripted("agent_registered"), { signal: stop.signal }), /^Error: stopped$/);
});
