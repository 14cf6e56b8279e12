import assert from "node:assert/strict";
import { command, sendBatches } from "../../lib/cli/emit.ts";
import type { EventBatch } from "../../lib/cli/event_lines.ts";
import type { LocalAnswer, LocalBody } from "../../lib/cli/local_client.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { goodEvent, LocalRig, TOKEN } from "../local/local_rig.ts";
import { capture } from "./captured_context.ts";
import { runLocalCommand } from "./local_command.ts";

const flags = ["--status", "Critical", "--label", "check=backup", "--description", "it failed"];

Deno.test("one event from flags is handed on", async () => {
  await using rig = await LocalRig.start();
  const { code, out, err } = await capture(
    command,
    ...["--socket", rig.server.address, "--status", "Warning", "--description", "late"],
    ...["--label", "check=backup", "--label", "host=a=b", "--attr", "age=2 d", "--markdown"],
    ...["--time", "2026-01-31T10:00:00Z", "--key", "k1"],
  );
  assert.deepEqual([code, out, err], [0, "accepted 1 event\n", ""]);
  assert.deepEqual(rig.port.events, [{
    event_time: Date.UTC(2026, 0, 31, 10) / 1000,
    event_status: "Warning",
    alert_key: "k1",
    labels: { from_agent: "agent-1", check: "backup", host: "a=b" },
    attrs: { age: "2 d" },
    description: "late",
    description_format: "markdown",
  }]);
});

Deno.test("what flags leave out the agent fills in", async () => {
  await using rig = await LocalRig.start();
  assert.equal((await capture(command, "--socket", rig.server.address, ...flags)).code, 0);
  const [event] = rig.port.events;
  assert.deepEqual([event?.event_time, event?.attrs, event?.alert_key.length], [
    1_700_000_000,
    undefined,
    32,
  ]);
});

for (
  const [what, argv, message] of [
    ["an unknown status", ["--status", "critical"], /'critical' is invalid.*Critical, Warning, Info, Ok/],
    ["a label without =", [...flags, "--label", "x"], /write name=value/],
    ["a label without a name", [...flags, "--label", "=x"], /write name=value/],
    ["a time that is none", [...flags, "--time", "noon"], /write seconds since 1970/],
    ["a timeout that is none", [...flags, "--timeout", "soon"], /write seconds/],
    ["no status", ["--label", "a=b", "--description", "x"], /--status is missing/],
    ["no description", ["--status", "Ok", "--label", "a=b"], /--description is missing/],
    ["nothing that names the problem", ["--status", "Ok", "--description", "x"], /--label is missing/],
    ["flags and stdin", ["-", ...flags], /leave one out/],
    ["a file", ["events.json"], /the only source is "-"/],
    ["two places", [...flags, "--socket", "/a", "--url", "http://b"], /contradict each other/],
    ["an address that is none", [...flags, "--url", "127.0.0.1:9"], /write http:\/\/host:port/],
    ["an address with a path", [...flags, "--url", "http://h/v1/events"], /write http:\/\/host:port/],
    ["an address with a password", [...flags, "--url", "http://u:hunter2@h"], /use --token-file/],
    [
      "a token file that is not there",
      [...flags, "--url", "http://h", "--token-file", "/no/t"],
      /--token-file/,
    ],
  ] as const
) {
  Deno.test(`emit with ${what} is one line and exit code 2`, async () => {
    const { code, out, err } = await capture(command, ...argv);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /^pawl: [^\n]*\n$/);
    assert.match(err, message);
    assert.doesNotMatch(err, /hunter2/);
  });
}

Deno.test("without an agent the one line says what to do, and the exit code is 1", async () => {
  await using folder = new TempFolder();
  const path = folder.at("pawl.sock");
  const { code, out, err } = await capture(command, "--socket", path, ...flags);
  assert.deepEqual([code, out], [1, ""]);
  assert.equal(
    err,
    `pawl: no agent listens on ${path}; start one with "pawl run", or say where it is with --state-dir, ` +
      "--socket or --url\n",
  );
  const overTcp = await capture(command, "--url", "http://127.0.0.1:1", ...flags);
  assert.match(overTcp.err, /^pawl: no agent listens on http:\/\/127\.0\.0\.1:1; /);
});

Deno.test("over TCP the token comes from its file", async () => {
  await using rig = await LocalRig.start({ overTcp: true });
  const file = rig.folder.write("token", `${TOKEN}\n`);
  const url = ["--url", rig.server.address];
  assert.equal((await capture(command, ...url, "--token-file", file, ...flags)).code, 0);
  const without = await capture(command, ...url, ...flags);
  assert.equal(without.code, 1);
  assert.match(without.err, /^pawl: cannot hand on the event: a token is needed; /);
  assert.equal(rig.port.events.length, 1);
});

Deno.test("what the agent refuses is told in one line", async () => {
  await using rig = await LocalRig.start();
  const long = ["--label", `x=${"y".repeat(5000)}`];
  const { code, out, err } = await capture(command, "--socket", rig.server.address, ...flags, ...long);
  assert.deepEqual([code, out], [1, ""]);
  assert.equal(
    err,
    "pawl: cannot hand on the event: labels.x must not be longer than 4096 bytes; mend it\n",
  );
});

Deno.test("events that would not survive a crash are accepted, and the command says so", async () => {
  await using rig = await LocalRig.start();
  rig.port.durable = () => Promise.resolve(false);
  const { code, out, err } = await capture(command, "--socket", rig.server.address, ...flags);
  assert.deepEqual([code, out], [0, "accepted 1 event\n"]);
  assert.equal(err, 'pawl: in memory only, where a crash of the agent would lose them; see "pawl status"\n');
});

Deno.test("as a process: NDJSON on stdin, without saying so, to the socket in the state folder", async () => {
  await using rig = await LocalRig.start();
  const lines = Array.from({ length: 2500 }, (_, n) => JSON.stringify(goodEvent({ description: `${n}` })));
  const ended = await runLocalCommand("emit", ["--state-dir", rig.folder.path], {
    stdin: `${lines.join("\n")}\n`,
  });
  assert.deepEqual(ended, { code: 0, out: "accepted 2500 events\n", err: "" });
  assert.deepEqual(rig.port.events.map(({ description }) => description), lines.map((_, n) => `${n}`));
});

Deno.test("as a process: an array on stdin, to the address in the configuration, proxies or not", async () => {
  await using rig = await LocalRig.start({ overTcp: true });
  rig.folder.write("token", TOKEN);
  const listen = new URL(rig.server.address).host;
  rig.folder.write("pawl.toml", `[local]\nlisten = "${listen}"\ntoken_file = "token"\n`);
  const ended = await runLocalCommand("emit", ["-"], {
    stdin: JSON.stringify([goodEvent(), goodEvent()], null, 2),
    cwd: rig.folder.path,
    env: { HTTP_PROXY: "http://127.0.0.1:1", http_proxy: "http://127.0.0.1:1" },
  });
  assert.deepEqual(ended, { code: 0, out: "accepted 2 events\n", err: "" });
});

Deno.test("as a process: a bad line is named, and what came before it is in", async () => {
  await using rig = await LocalRig.start();
  const lines = Array.from({ length: 1500 }, () => JSON.stringify(goodEvent()));
  lines[1233] = JSON.stringify(goodEvent({ event_status: "bad" }));
  const { code, out, err } = await runLocalCommand("emit", ["--socket", rig.server.address], {
    stdin: lines.join("\n"),
  });
  assert.equal(code, 1);
  const accepted = rig.port.events.length;
  assert.equal(out, accepted === 0 ? "" : `accepted ${accepted} events\n`);
  assert.equal(
    err,
    "pawl: cannot hand on line 1234: event_status must be Critical, Warning, Info or Ok; " +
      `mend it and send again from line ${accepted + 1} on\n`,
  );
});

Deno.test("as a process: nothing on stdin is no event; what is no JSON is an error", async () => {
  await using rig = await LocalRig.start();
  const args = ["--socket", rig.server.address];
  assert.deepEqual(await runLocalCommand("emit", args), { code: 0, out: "accepted 0 events\n", err: "" });
  const text = await runLocalCommand("emit", args, { stdin: "disk full\n" });
  assert.equal(text.code, 1);
  assert.match(text.err, /^pawl: [^\n]*JSON[^\n]*\n$/);
  const bytes = await runLocalCommand("emit", args, { stdin: new Uint8Array([0x7b, 0xff, 0x0a]) });
  assert.match(bytes.err, /^pawl: cannot read the events: they are not UTF-8 text; convert them\n$/);
});

Deno.test("as a process: what the sandbox must grant is little", async () => {
  await using rig = await LocalRig.start();
  const socket = rig.server.address;
  const permissions = [
    `--allow-net=unix:${socket},localhost:80`,
    `--allow-read=${socket}`,
    `--allow-write=${socket}`,
    "--allow-sys=uid",
  ];
  const granted = await runLocalCommand("emit", ["--socket", socket, ...flags], { permissions });
  assert.deepEqual(granted, { code: 0, out: "accepted 1 event\n", err: "" });
});

/** Answers from a list, and keeps what was sent. */
class ScriptedAgent {
  readonly bodies: string[] = [];
  readonly #answers: LocalAnswer[];

  constructor(answers: readonly [status: number, retryAfterSec?: number][]) {
    this.#answers = answers.map(([status, retryAfterSec]) => ({
      status,
      retryAfterSec,
      text: JSON.stringify({ error: `said ${status}` }),
    }));
  }

  request(_path: string, body?: LocalBody): Promise<LocalAnswer> {
    this.bodies.push(body?.text ?? "");
    const answer = this.#answers.shift();
    return answer ? Promise.resolve(answer) : Promise.reject(new Error("nothing more was expected"));
  }
}

async function* batches(count: number): AsyncGenerator<EventBatch> {
  for (let n = 0; n < count; n++) yield { text: `{"n":${n}}`, count: 1, positions: [n + 1], unit: "line" };
}

Deno.test("an agent without room is asked again when it says, and then the rest follows", async () => {
  const clock = new FakeClock();
  const client = new ScriptedAgent([[429, 7], [503], [202], [200], [202]]);
  const tally = { accepted: 0, notDurable: 0 };
  const sending = sendBatches(batches(3), { client, timeoutMs: 30_000, tally, clock });
  await clock.tick(6999);
  assert.equal(client.bodies.length, 1);
  await clock.tick(1);
  assert.equal(client.bodies.length, 2);
  await clock.tick(1000); // where no time is named: a second
  await sending;
  assert.deepEqual(client.bodies, ['{"n":0}', '{"n":0}', '{"n":0}', '{"n":1}', '{"n":2}']);
  assert.deepEqual(tally, { accepted: 3, notDurable: 1 });
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("an agent that has no room for too long is given up, with what was not accepted", async () => {
  const clock = new FakeClock();
  const client = new ScriptedAgent([[202], [429, 20], [429, 20]]);
  const tally = { accepted: 0, notDurable: 0 };
  const sending = sendBatches(batches(3), { client, timeoutMs: 30_000, tally, clock });
  const refused = assert.rejects(sending, {
    message: 'cannot hand on line 2: said 429, for 30 s now; see "pawl status", and send them again later',
  });
  await clock.tick(20_000);
  await refused;
  assert.equal(tally.accepted, 1);
});
