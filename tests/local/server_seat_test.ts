import assert from "node:assert/strict";
import { ConfigError } from "../../lib/config/config_error.ts";
import { ServerSeat } from "../../lib/local/server_seat.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeAgentPort } from "./fake_agent_port.ts";

/** The status that a caller with the token gets. */
async function status(port: number, token: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/status`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  await response.body?.cancel();
  return response.status;
}

/** A port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("another token on the same address counts from then on", async () => {
  await using seat = new ServerSeat({ port: new FakeAgentPort() });
  const port = freePort();
  const listen = `127.0.0.1:${port}`;
  await seat.set({ listen, token: "one" });
  assert.deepEqual([await status(port, "one"), await status(port, "two")], [200, 401]);
  await seat.set({ listen, token: "two" });
  assert.deepEqual([await status(port, "one"), await status(port, "two")], [401, 200]);
});

Deno.test("what cannot be listened on leaves what was there, on the same address and on another", async () => {
  await using seat = new ServerSeat({ port: new FakeAgentPort() });
  const port = freePort();
  const listen = `127.0.0.1:${port}`;
  await seat.set({ listen, token: "one" });
  await assert.rejects(seat.set({ listen, token: undefined }), ConfigError);
  assert.equal(await status(port, "one"), 200);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assert.rejects(seat.set({ listen: `127.0.0.1:${taken.addr.port}`, token: "one" }), ConfigError);
  assert.equal(await status(port, "one"), 200);
});

Deno.test("nowhere is a place, too", async () => {
  await using folder = new TempFolder();
  await using seat = new ServerSeat({ port: new FakeAgentPort() });
  await seat.set({ listen: folder.at("a.sock") });
  assert.ok(Deno.statSync(folder.at("a.sock")).isSocket);
  await seat.set(undefined);
  assert.throws(() => Deno.statSync(folder.at("a.sock")), Deno.errors.NotFound);
});
