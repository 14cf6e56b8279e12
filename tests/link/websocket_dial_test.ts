import assert from "node:assert/strict";
import { AuthenticationError, DialError } from "../../lib/link/dial_error.ts";
import { dial } from "../../lib/link/websocket_client.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { type Behaviour, FakeHub } from "../fakes/fake_hub.ts";
import { dialHub, endpoint, failureOf, never, PATH } from "./dialling.ts";

Deno.test("a dial sends the headers it is given to the path it is given, and opens one connection", async () => {
  await using hub = await FakeHub.start();
  const socket = await dialHub(hub, { headers: { "X-Agent-ID": "a1", "X-Proto-Version": "1" } });
  const { handshake } = await hub.nextConnection();
  assert.deepEqual([handshake.method, handshake.path], ["GET", PATH]);
  const own = Object.keys(handshake.headers).filter((name) => name.startsWith("x-"));
  assert.deepEqual(own, ["x-agent-id", "x-proto-version"]);
  assert.equal(handshake.headers["x-agent-id"], "a1");
  await socket.close(1000, "", 2000);
  assert.deepEqual([hub.handshakes.length, hub.probes.length], [1, 0]);
});

Deno.test("401 is an authentication failure and asks nothing further", async () => {
  await using hub = await FakeHub.start({ refuse: { status: 401 } });
  const error = await failureOf(dialHub(hub, { headers: { "X-Agent-Token": "s3cret-token" } }));
  assert.ok(error instanceof AuthenticationError);
  assert.match(error.message, /HTTP 401.*check \[server\] token/);
  assert.doesNotMatch(error.message, /s3cret/);
  assert.deepEqual([hub.handshakes.length, hub.probes.length], [1, 0]);
});

const statuses: [number, RegExp][] = [
  [403, /may connect/],
  [404, /the address is a control server's/],
  [407, /proxy wants credentials/],
  [429, /overloaded/],
  [500, /the server's log/],
  [502, /the server's log/],
  [503, /overloaded/],
  [301, /configure the final address/],
  [418, /check the address/],
];
for (const [status, advice] of statuses) {
  Deno.test(`HTTP ${status} is named with what to do about it`, async () => {
    await using hub = await FakeHub.start({ refuse: { status, headers: { Location: "/elsewhere" } } });
    const error = await failureOf(dialHub(hub));
    assert.ok(error instanceof DialError);
    assert.equal(error.status, status);
    assert.match(error.message, new RegExp(`HTTP ${status}`));
    assert.match(error.message, advice);
    assert.equal(hub.handshakes.length, 1, "no second WebSocket is opened to find out");
    assert.ok(hub.probes.length <= 1);
  });
}

const clock = new FakeClock();
const inSeconds = (seconds: number) => new Date(clock.wallMs() + seconds * 1000).toUTCString();
const retryAfters: [number, string | undefined, number | undefined][] = [
  [503, "7", 7],
  [429, " 120 ", 120],
  [429, "0", 0],
  [503, inSeconds(90), 90],
  [503, inSeconds(-90), 0],
  [503, "soon", undefined],
  [503, "-5", undefined],
  [503, undefined, undefined],
  [500, "7", undefined],
];
for (const [status, header, expected] of retryAfters) {
  Deno.test(`Retry-After ${header ?? "(absent)"} of HTTP ${status} reads as ${expected} s`, async () => {
    const headers = header === undefined ? {} : { "Retry-After": header };
    await using hub = await FakeHub.start({ refuse: { status, headers } });
    const error = await failureOf(dialHub(hub, { clock }));
    assert.ok(error instanceof DialError);
    assert.deepEqual([error.status, error.retryAfterSec], [status, expected]);
  });
}

Deno.test("the question why is asked through the same headers, without upgrading", async () => {
  await using hub = await FakeHub.start({ refuse: { status: 503 } });
  await failureOf(dialHub(hub, { headers: { "X-Agent-ID": "a1" } }));
  const [probe] = hub.probes;
  assert.deepEqual([probe?.path, probe?.headers["x-agent-id"], probe?.headers["upgrade"]], [
    PATH,
    "a1",
    undefined,
  ]);
});

Deno.test("a port that nobody listens on", async () => {
  const hub = await FakeHub.start();
  const { port } = hub;
  await hub[Symbol.asyncDispose]();
  const error = await failureOf(dial({ url: endpoint(port), headers: {} }, never));
  assert.match(error.message, /refused.*check the port/i);
});

Deno.test("a name that nobody knows", async () => {
  const url = new URL(`ws://nobody.invalid${PATH}`);
  const error = await failureOf(dial({ url, headers: {} }, never));
  assert.match(error.message, /check the host name/);
});

const oddServers: [string, Behaviour, RegExp][] = [
  ["speaks no HTTP", { answer: "SSH-2.0-OpenSSH_9.9\r\n\r\n" }, /speaks no HTTP/],
  ["resets", { cutAtUpgrade: "reset" }, /./],
  ["hangs up", { cutAtUpgrade: "fin" }, /./],
  ["answers 200", { answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }, /HTTP 200/],
  [
    "upgrades to something else",
    { answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" },
    /./,
  ],
];
for (const [what, behaviour, expected] of oddServers) {
  Deno.test(`a server that ${what}`, async () => {
    await using hub = await FakeHub.start(behaviour);
    const error = await failureOf(dialHub(hub, { diagnoseMs: 200 }));
    assert.ok(error instanceof DialError);
    assert.match(error.message, expected);
    assert.equal(hub.connections.length, 0);
  });
}

for (const stall of ["accept", "upgrade"] as const) {
  Deno.test(`a server that stalls at the ${stall} is given up at the deadline`, async () => {
    await using hub = await FakeHub.start({ stall });
    const startMs = performance.now();
    const error = await failureOf(dialHub(hub, { dialMs: 60, diagnoseMs: 60 }));
    assert.match(error.message, /no answer to the handshake within 60 ms; check firewalls/);
    assert.ok(performance.now() - startMs < 5000);
    assert.equal(hub.handshakes.length, 1);
  });

  Deno.test(`a dial that stalls at the ${stall} can be abandoned, with the signal's reason`, async () => {
    await using hub = await FakeHub.start({ stall });
    const abort = new AbortController();
    const dialling = dial({ url: endpoint(hub), headers: {} }, abort.signal);
    await hub.nextHandshake();
    abort.abort(new Error("enough"));
    await assert.rejects(dialling, /enough/);
  });
}

Deno.test("the deadlines are the clock's: both the handshake's and the question's", async () => {
  const clock = new FakeClock();
  await using hub = await FakeHub.start({ stall: "accept" });
  const failure = failureOf(dialHub(hub, { clock }));
  await hub.nextHandshake();
  await clock.tick(10_000);
  assert.equal(clock.pendingTimers, 1, "now it is the question's");
  await clock.tick(5000);
  assert.match((await failure).message, /within 10000 ms/);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("the question why can be abandoned too", async () => {
  await using hub = await FakeHub.start((index) => index === 0 ? { stall: "accept" } : {});
  const abort = new AbortController();
  const dialling = dial({ url: endpoint(hub), headers: {}, dialMs: 20 }, abort.signal);
  while (hub.probes.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  abort.abort(new Error("enough"));
  await assert.rejects(dialling, /enough/);
});

Deno.test("a signal that is aborted already dials nothing", async () => {
  await using hub = await FakeHub.start();
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(dial({ url: endpoint(hub), headers: {} }, signal), /enough/);
  assert.equal(hub.handshakes.length, 0);
});

Deno.test("a header that no request may carry is an ordinary failure, and is not quoted", async () => {
  const headers = { "X-Agent-Token": "s3cret\u2192token" };
  const error = await failureOf(dial({ url: endpoint(1), headers }, never));
  assert.ok(error instanceof DialError);
  assert.doesNotMatch(error.message, /s3cret/);
});
