import assert from "node:assert/strict";
import type { Finding } from "../../lib/checks/check.ts";
import { DOCKER_CHECK } from "../../lib/checks/docker.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { dockerStatsOf, FakeDocker } from "../fakes/fake_docker.ts";
import { until } from "../fakes/until.ts";
import { gather, makeCheck, MapMemory } from "./check_rig.ts";

const of = (findings: readonly Finding[], dimension: string) =>
  Object.fromEntries(
    findings.filter(({ labels }) => labels.check === `docker::${dimension}`)
      .map(({ labels, status }) => [labels.target, status]),
  );

Deno.test("containers that run are Ok; who has to run and does not is critical", async () => {
  await using docker = new FakeDocker();
  docker.add("web");
  docker.add("job", { state: { Status: "exited", ExitCode: 0 } });
  docker.add("broken", { state: { Status: "exited", ExitCode: 137, OOMKilled: true } });
  docker.add("daemon", { state: { Status: "exited" }, host: { RestartPolicy: { Name: "always" } } });
  docker.add("fresh", { state: { Status: "created" } });
  docker.add("held", { state: { Status: "paused" } });
  const all = await gather(makeCheck(DOCKER_CHECK, { socket: docker.socket }));
  assert.deepEqual(of(all, "container_running"), {
    web: "Ok",
    job: "Ok",
    broken: "Critical",
    daemon: "Critical",
    fresh: "Ok",
    held: "Critical",
  });
  const broken = all.find(({ labels }) => labels.target === "broken");
  assert.equal(broken?.description, "container broken is exited (exit code 137, killed for want of memory)");
  const named = await gather(
    makeCheck(DOCKER_CHECK, { socket: docker.socket, containers: ["job", "we?", "gone"] }),
  );
  assert.deepEqual(of(named, "container_running"), { gone: "Critical", job: "Critical", web: "Ok" });
  const some = await gather(makeCheck(DOCKER_CHECK, { socket: docker.socket, ignore: ["b*", "d*", "h*"] }));
  assert.deepEqual(Object.keys(of(some, "container_running")).sort(), ["fresh", "job", "web"]);
});

Deno.test("a container without a health check has no health; an unhealthy one is critical", async () => {
  await using docker = new FakeDocker();
  const health = (Status: string) => ({
    state: { Health: { Status, FailingStreak: 4, Log: [{ Output: "no\nroute" }] } },
  });
  docker.add("plain");
  docker.add("well", health("healthy"));
  docker.add("begins", health("starting"));
  docker.add("ill", health("unhealthy"));
  const findings = await gather(makeCheck(DOCKER_CHECK, { socket: docker.socket }));
  assert.deepEqual(of(findings, "health_status"), { well: "Ok", begins: "Ok", ill: "Critical" });
  const ill = findings.find(({ status, labels }) => status === "Critical" && labels.target === "ill");
  assert.equal(ill?.description, "container ill is unhealthy (4 failures in a row)");
  assert.equal(ill?.detail, "no route");
});

Deno.test("restarts count while they lie in the window, over restarts of the agent too", async () => {
  await using docker = new FakeDocker();
  const clock = new FakeClock();
  const memory = new MapMemory();
  const look = async (restarts: number) => {
    docker.answers.delete("/containers/json");
    docker.add("web", { id: "abc", restarts });
    const check = makeCheck(DOCKER_CHECK, { socket: docker.socket }, { memory, clock });
    const finding = (await gather(check)).find(({ labels }) => labels.check === "docker::restart_detected");
    return [finding?.value, finding?.status];
  };
  clock.wallOffsetMs = 86_400_000; // long after its start: what came before is past
  assert.deepEqual(await look(3), [0, "Ok"]);
  assert.deepEqual(await look(4), [1, "Warning"]);
  clock.wallOffsetMs += 5 * 60_000;
  assert.deepEqual(await look(8), [5, "Critical"]);
  clock.wallOffsetMs += 6 * 60_000;
  assert.deepEqual(await look(8), [4, "Warning"], "the first is older than ten minutes");
  clock.wallOffsetMs += 10 * 60_000;
  assert.deepEqual(await look(8), [0, "Ok"]);
  memory.write(`restarts:${docker.socket}`, "{damaged");
  assert.deepEqual(await look(8), [0, "Ok"]);
});

Deno.test("a container first seen right after its restart counts one", async () => {
  await using docker = new FakeDocker();
  const clock = new FakeClock(); // its time is minutes after the container's start
  docker.add("web", { restarts: 7, state: { StartedAt: new Date(clock.wallMs() - 60_000).toISOString() } });
  const findings = await gather(makeCheck(DOCKER_CHECK, { socket: docker.socket }, { clock }));
  assert.deepEqual(of(findings, "restart_detected"), { web: "Warning" });
});

Deno.test("processors and memory are rated by what the container may use", async () => {
  await using docker = new FakeDocker();
  const clock = new FakeClock();
  const stats = (atSec: number, cpuSec: number) =>
    dockerStatsOf({ atSec, cpuSec, usedBytes: 950, cachedBytes: 50, limitBytes: 1000 });
  docker.add("web", { id: "abc", host: { NanoCpus: 5e8 }, stats: stats(0, 0) });
  const usage = { warn_ge: 80, critical_ge: 95 };
  const check = makeCheck(DOCKER_CHECK, { socket: docker.socket, cpu_usage: usage, memory_usage: usage }, {
    clock,
  });
  const first = gather(check);
  await until(
    "it has been asked, and waits for the second reading",
    () => clock.pendingDelaysMs.includes(1000),
  );
  docker.answers.set("/containers/abc/stats", { json: stats(1, 0.45) });
  await clock.tick(1000);
  const findings = await first;
  assert.deepEqual(of(findings, "cpu_usage"), { web: "Warning" }, "0.45 of half a processor is 90 %");
  assert.deepEqual(of(findings, "memory_usage"), { web: "Warning" }, "900 of 1000 without what is cached");
  docker.answers.set("/containers/abc/stats", { json: stats(11, 0.5) });
  assert.deepEqual(of(await gather(check), "cpu_usage"), { web: "Ok" }, "measured since the look before");
  docker.answers.set("/containers/abc/stats", { json: stats(12, 0.1) });
  assert.deepEqual(of(await gather(check), "cpu_usage"), {}, "a counter that went back says nothing");
});

Deno.test("a container that the engine does not answer for harms no other", async () => {
  await using docker = new FakeDocker();
  const clock = new FakeClock();
  for (const name of ["a", "stuck", "odd", "gone", "z"]) docker.add(name);
  docker.answers.set("/containers/stuck0000000/json", { hang: true });
  docker.answers.set("/containers/odd000000000/json", { raw: "HTTP/1.1 500 Oops\r\n\r\n{}" });
  docker.answers.delete("/containers/gone00000000/json");
  const gathering = gather(makeCheck(DOCKER_CHECK, { socket: docker.socket }, { clock }));
  await until(
    "only the stuck one is waited for",
    () => docker.requests.length === 6 && clock.pendingTimers === 1,
  );
  await clock.tick(5000);
  const findings = await gathering;
  assert.deepEqual(of(findings, "answer"), { a: "Ok", stuck: "Warning", odd: "Warning", z: "Ok" });
  assert.deepEqual(of(findings, "container_running"), { a: "Ok", z: "Ok" });
});

Deno.test("an engine that is not there is a failure, not an empty list", async () => {
  await assert.rejects(gather(makeCheck(DOCKER_CHECK, { socket: "/nonexistent.sock" })), /cannot connect/);
});

Deno.test("no more containers are looked at than allowed, named ones first", async () => {
  await using docker = new FakeDocker();
  for (const name of ["a", "b", "c", "z"]) docker.add(name);
  const settings = { socket: docker.socket, containers: ["*", "z"], max_containers: 2 };
  const findings = await gather(makeCheck(DOCKER_CHECK, settings));
  assert.deepEqual(Object.keys(of(findings, "container_running")).sort(), ["a", "z"]);
});
