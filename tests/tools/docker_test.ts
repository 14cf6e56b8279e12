import assert from "node:assert/strict";
import { dockerTools } from "../../lib/tools/docker.ts";
import { dockerStatsOf, FakeDocker } from "../fakes/fake_docker.ts";
import { isPlainJson, runTool } from "./service_tool_rig.ts";

Deno.test("docker_ps lists containers, those that do not run first", async () => {
  await using docker = new FakeDocker();
  docker.add("web");
  docker.add("db", { state: { Status: "exited" } });
  const tools = dockerTools({ socket: docker.socket });
  const { text, data } = await runTool(tools, "docker_ps");
  const lines = text.split("\n");
  assert.equal(lines[0], "2 containers, 1 running");
  assert.match(lines[2] ?? "", /^db +exited/);
  assert.match(lines[3] ?? "", /^web +running .*0\.0\.0\.0:16379->6379\/tcp/);
  assert.ok(isPlainJson(data));
  assert.match((await runTool(tools, "docker_ps", { all: "no" })).text, /^1 containers, 1 running/);
});

Deno.test("docker_inspect shows state, limits and use, and no secret", async () => {
  await using docker = new FakeDocker();
  docker.add("web", {
    id: "abc",
    stats: dockerStatsOf({ atSec: 1, cpuSec: 1, usedBytes: 512, limitBytes: 1024 }),
  });
  const { text, data } = await runTool(dockerTools({ socket: docker.socket }), "docker_inspect", {
    name: "web",
  });
  assert.match(text, /memory +512 B of 1.0 KiB \(50.0 %\)/);
  assert.match(text, /env +PATH=\/usr\/bin/);
  assert.match(text, /env +REDIS_PASSWORD=\*\*\*/);
  assert.ok(isPlainJson(data));
  for (const shown of [text, JSON.stringify(data)]) assert.ok(!shown.includes("hunter2secret"), shown);
});

Deno.test("docker_inspect shows what is known where the counters are not", async () => {
  await using docker = new FakeDocker();
  docker.add("web");
  const { text } = await runTool(dockerTools({ socket: docker.socket }), "docker_inspect", { name: "web" });
  assert.match(text, /^container web \(web0{9}\): running/);
  assert.match(text, /its use is not known: the container engine answered 404/);
});

Deno.test("docker_inspect takes a name and nothing else", async () => {
  await using docker = new FakeDocker();
  const tools = dockerTools({ socket: docker.socket });
  for (const name of ["../info", "a b", "a?x=1", "", "a\r\nb"]) {
    await assert.rejects(runTool(tools, "docker_inspect", { name }), { name: "$ZodError" });
  }
  await assert.rejects(runTool(tools, "docker_inspect", { name: "a", socket: "/x" }), { name: "$ZodError" });
  assert.deepEqual(docker.requests, []);
});
