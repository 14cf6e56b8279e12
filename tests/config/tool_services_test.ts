import assert from "node:assert/strict";
import { toolServices } from "../../lib/config/tool_services.ts";
import { loadFrom } from "./load_from.ts";

Deno.test("tools speak to the services that checks speak to, with the same credentials", async () => {
  const { checks } = await loadFrom(
    '[[check.redis]]\ntargets = ["127.0.0.1:6380", "10.0.0.7:6379"]\nusername = "pawl"\npassword = "s3cret"\n' +
      '[[check.redis]]\ntargets = ["unix:///run/redis.sock"]\n[[check.docker]]\nsocket = "/run/podman.sock"\n',
  );
  const { redis, docker } = toolServices(checks);
  assert.deepEqual(
    redis?.instances?.map(({ target, username, password, tls }) => [target, username, password, tls]),
    [
      ["127.0.0.1:6380", "pawl", "s3cret", undefined],
      ["10.0.0.7:6379", "pawl", "s3cret", undefined],
      ["unix:///run/redis.sock", undefined, undefined, undefined],
    ],
  );
  assert.deepEqual(docker, { socket: "/run/podman.sock" });
});
