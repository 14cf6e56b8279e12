import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock as clock } from "../../../lib/clock.ts";
import { FactUnavailableError } from "../../../lib/host/host_facts.ts";
import { DockerClient, isContainerName } from "../../../lib/host/probes/docker.ts";
import { dockerContainers, dockerInspection, dockerStats } from "../../../lib/host/probes/docker_answers.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";
import { dockerStatsOf, FakeDocker } from "../../fakes/fake_docker.ts";
import { until } from "../../fakes/until.ts";

const never = new AbortController().signal;

Deno.test("containers are listed, looked at and counted; nothing but GET is sent", async () => {
  await using docker = new FakeDocker();
  docker.add("web", {
    restarts: 2,
    stats: dockerStatsOf({ atSec: 10, cpuSec: 4, usedBytes: 300, cachedBytes: 100, limitBytes: 400 }),
  });
  const client = new DockerClient({ clock, socket: docker.socket });
  const [web] = await client.containers(never);
  assert.equal(web?.name, "web");
  assert.deepEqual(web.ports, ["0.0.0.0:16379->6379/tcp"]);
  const inspection = await client.inspect("web", never);
  assert.deepEqual([inspection.state, inspection.restartCount, inspection.restartPolicy], [
    "running",
    2,
    "no",
  ]);
  assert.equal(inspection.finishedAtMs, undefined, "year 1 is never");
  assert.equal(inspection.health, undefined);
  const stats = await client.stats(web.id, never);
  assert.deepEqual(stats, {
    readAtMs: 1_700_000_010_000,
    cpuTotalNs: 4e9,
    onlineCpus: 2,
    memoryUsedBytes: 200,
    memoryLimitBytes: 400,
    pids: 3,
  });
  assert.ok(docker.requests.every((request) => request.startsWith("GET /containers/")));
});

Deno.test("a refusal tells its status and the engine's words", async () => {
  await using docker = new FakeDocker();
  const client = new DockerClient({ clock, socket: docker.socket });
  await assert.rejects(client.inspect("gone", never), {
    name: "DockerStatusError",
    status: 404,
    message: /answered 404 to \/containers\/gone\/json: No such container/,
  });
});

Deno.test("names that could lead to another path are refused unsent", async () => {
  await using docker = new FakeDocker();
  const client = new DockerClient({ clock, socket: docker.socket });
  for (const name of ["", "..", "a/b", "a?b", "a b", "a%2fb", "a\r\nX: y", "-a", "ä"]) {
    assert.equal(isContainerName(name), false, name);
    await assert.rejects(client.inspect(name, never), TypeError);
  }
  assert.deepEqual(docker.requests, []);
});

Deno.test("garbage of every kind is an error in words", async () => {
  await using docker = new FakeDocker();
  const client = new DockerClient({ clock, socket: docker.socket, maxAnswerBytes: 1000 });
  const head = "HTTP/1.1 200 OK\r\n";
  const cases: [raw: string, message: RegExp][] = [
    ["", /closed without an answer/],
    ["SSH-2.0-OpenSSH\r\n", /no HTTP/],
    [`${head}Content-Length: 5\r\n\r\nab`, /cut off/],
    [`${head}Content-Length: -5\r\n\r\nab`, /malformed/],
    [`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, /malformed/],
    [`${head}Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\nab`, /cut off/],
    [`${head}\r\nnot json`, /no JSON/],
    [`${head}Content-Length: 2000\r\n\r\n${"[".repeat(2000)}`, /longer than 1000 bytes/],
    [`${head}\r\n{"a": 1}`, /not its list of containers/],
    [`${head}X: ${"y".repeat(70_000)}\r\n\r\n`, /too long/],
  ];
  for (const [raw, message] of cases) {
    docker.answers.set("/containers/json", { raw });
    await assert.rejects(client.containers(never), message, raw.slice(0, 60));
  }
});

Deno.test("an engine that hangs times out; an abort ends the wait with its own reason", async () => {
  await using docker = new FakeDocker();
  docker.answers.set("/containers/json", { hang: true });
  const fake = new FakeClock();
  const client = new DockerClient({ clock: fake, socket: docker.socket, answerMs: 3000 });
  const refused = assert.rejects(client.containers(never), {
    name: "TimeoutError",
    message: /no answer to \/containers/,
  });
  await until("it was asked", () => docker.requests.length === 1);
  await fake.tick(3000);
  await refused;
  const stop = new AbortController();
  const ended = assert.rejects(client.containers(stop.signal), /enough/);
  await until("it was asked", () => docker.requests.length === 2);
  stop.abort(new Error("enough"));
  await ended;
});

Deno.test("no socket is an error that names it", async () => {
  const client = new DockerClient({ clock, socket: "/nonexistent/docker.sock" });
  await assert.rejects(client.containers(never), /cannot connect to unix:\/\/\/nonexistent\/docker.sock/);
});

Deno.test({
  name: "a sandbox that does not let the socket be opened makes it unavailable, and says which flags would",
  permissions: { net: false, read: false, write: false },
  async fn() {
    const client = new DockerClient({ clock, socket: "/run/docker.sock" });
    await assert.rejects(client.containers(never), (error: Error) => {
      assert.ok(error instanceof FactUnavailableError);
      assert.match(error.message, /--allow-net=unix:\/run\/docker.sock --allow-read=.* --allow-write=/);
      return true;
    });
  },
});

Deno.test("whatever JSON comes, answers are read or refused, and no figure is none", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (a, b, c) => {
    const shapes = [
      a,
      [a],
      [{ Id: "x", Names: a, Ports: b, Created: c }],
      { Id: "x", State: { Health: a, ExitCode: b }, HostConfig: c, Config: a, Mounts: b, NetworkSettings: c },
      { read: a, cpu_stats: b, memory_stats: c },
      { memory_stats: { usage: a, stats: b }, cpu_stats: { online_cpus: c } },
    ];
    for (const read of [dockerContainers, dockerInspection, dockerStats]) {
      for (const shape of shapes) {
        try {
          const answer = JSON.stringify(read(shape), (_, value) => {
            assert.ok(!Number.isNaN(value));
            return value;
          });
          assert.ok(answer.length > 0);
        } catch (error) {
          assert.match((error as Error).message, /cannot read the container engine's answer/);
        }
      }
    }
  }));
});
