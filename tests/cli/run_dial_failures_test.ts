import assert from "node:assert/strict";
import { FakeHub } from "../fakes/fake_hub.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { type LogLine, PawlProcess } from "./pawl_process.ts";
import { TlsFront } from "./tls_front.ts";

/** Runs an agent until `attempts` dials have failed. Gives what it then has logged above info level. */
async function failures(address: string, event: string, attempts = 1): Promise<LogLine[]> {
  await using folder = new TempFolder();
  // Without checks: a busy host would add an alert of its own to what is logged.
  const config = folder.write("pawl.toml", "[check]\n");
  const args = ["run", "--config", config, "--server", address, "--state-dir", folder.at("state")];
  await using agent = PawlProcess.start(args);
  await agent.logged(event, attempts);
  agent.kill("SIGTERM");
  assert.equal((await agent.ended()).code, 0);
  // What a developer's permissions grant needlessly is told, too, and beside the point.
  return agent.log().filter(({ level, event }) => level !== "info" && event !== "sandbox.broader");
}

/** Asserts that there is one line and no more. */
function only(lines: readonly LogLine[]): { reason: string; retryInSec: number; level: string } {
  const [line] = lines;
  assert.ok(line !== undefined && lines.length === 1, JSON.stringify(lines));
  return { reason: String(line["reason"]), retryInSec: Number(line["retryInSec"]), level: line.level };
}

/** A port that nobody listens on. */
function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("a refused dial is told once for each attempt, with its cause and the remedy", async () => {
  const address = `127.0.0.1:${closedPort()}`;
  const lines = await failures(address, "link.dial_failed", 2);
  assert.equal(lines.length, 2, JSON.stringify(lines));
  const waits = lines.map((line) => only([line])).map(({ reason, retryInSec, level }) => {
    assert.equal(level, "warning");
    assert.match(reason, new RegExp(`^cannot connect to ${address}: .*[Cc]onnection refused`));
    assert.match(reason, /; check the port in \[server\] address and that the server runs$/);
    return retryInSec;
  });
  const [first = NaN, second = NaN] = waits;
  assert.ok(first >= 0.7 && first <= 1.3 && second >= 1.5 && second <= 2.5, `waits of ${waits} s`);
});

Deno.test("a name that cannot be resolved is told as such", async () => {
  // Too long for a label, so that the resolver refuses it without asking anybody.
  const { reason } = only(await failures(`ws://${"a".repeat(64)}.invalid`, "link.dial_failed"));
  assert.match(
    reason,
    /: dns error: .*; check the host name in \[server\] address and this host's resolver$/,
  );
});

Deno.test("a 401 is an error that speaks of the token, and is not tried again for a minute", async () => {
  await using hub = await FakeHub.start({ refuse: { status: 401, body: "who are you?\n" } });
  const { reason, retryInSec, level } = only(await failures(hub.address, "link.unauthorized"));
  assert.equal(level, "error");
  assert.match(reason, /^the server at \S+ answered HTTP 401: .*; check \[server\] token$/);
  assert.ok(retryInSec >= 60 && retryInSec <= 75, `${retryInSec} s`);
  assert.equal(hub.handshakes.length, 1);
});

Deno.test("a 503 is told with the wait that the server asked for", async () => {
  await using hub = await FakeHub.start({ refuse: { status: 503, headers: { "Retry-After": "120" } } });
  const { reason, retryInSec } = only(await failures(hub.address, "link.dial_failed"));
  assert.match(reason, /: the server answered HTTP 503; it is overloaded or in maintenance; retrying$/);
  assert.ok(retryInSec >= 120 && retryInSec <= 150, `${retryInSec} s`);
});

Deno.test("an authority that is not trusted is told with the setting that mends it", async () => {
  await using hub = await FakeHub.start();
  await using front = new TlsFront(hub.port);
  const { reason } = only(await failures(`wss://127.0.0.1:${front.port}`, "link.dial_failed"));
  assert.match(reason, /UnknownIssuer; .*; set \[server\] ca_file to the one that signed it$/);
});

Deno.test("a refused registration is told once, with what the server said", async () => {
  await using hub = await FakeHub.start({ ack: { ok: false, error: "unknown site" } });
  const { reason } = only(await failures(hub.address, "link.not_registered"));
  assert.equal(reason, "register rejected: unknown site");
});
