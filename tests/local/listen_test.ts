import assert from "node:assert/strict";
import { ConfigError } from "../../lib/config/config_error.ts";
import { parseListenAddress } from "../../lib/local/listen_address.ts";
import { startLocalServer } from "../../lib/local/server.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { until } from "../fakes/until.ts";
import { FakeAgentPort } from "./fake_agent_port.ts";
import { exchange, LocalRig } from "./local_rig.ts";

/** Starts a server that must be refused, and gives the one line about it. */
async function refusal(
  listen: string,
  options: { token?: string; allowRemote?: boolean } = {},
): Promise<string> {
  let message = "";
  await assert.rejects(startLocalServer({ listen, port: new FakeAgentPort(), ...options }), (error) => {
    assert.ok(error instanceof ConfigError, String(error));
    message = error.message;
    return true;
  });
  assert.doesNotMatch(message, /\n/);
  return message;
}

Deno.test("a unix socket is closed to other users and gone after the end", async () => {
  await using folder = new TempFolder();
  const path = folder.at("pawl.sock");
  const server = await startLocalServer({ listen: path, port: new FakeAgentPort() });
  const { mode, isSocket } = await Deno.lstat(path);
  assert.deepEqual([(mode ?? 0) & 0o777, isSocket, server.address], [0o600, true, path]);
  await server[Symbol.asyncDispose]();
  await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
  await server[Symbol.asyncDispose](); // again: nothing
});

Deno.test("a socket that was left behind is replaced", async () => {
  await using folder = new TempFolder();
  const path = folder.at("pawl.sock");
  const bind = `Deno.listen({ transport: "unix", path: ${
    JSON.stringify(path)
  } }); Deno.kill(Deno.pid, "SIGKILL");`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", bind], stderr: "null" }).output();
  assert.ok((await Deno.lstat(path)).isSocket);
  await using _server = await startLocalServer({ listen: path, port: new FakeAgentPort() });
  using connection = await Deno.connect({ transport: "unix", path });
  assert.match(await exchange(connection, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"), / 200 /);
});

Deno.test("a socket that somebody listens on is left alone, and the error names it", async () => {
  await using rig = await LocalRig.start();
  const message = await refusal(rig.server.address);
  assert.equal(
    message,
    `cannot listen on ${rig.server.address}: another process is listening there; stop it, or set local.listen`,
  );
  assert.equal((await rig.fetch("/livez")).status, 200);
});

Deno.test("what is no socket is left alone: a file, a folder, a link", async () => {
  await using folder = new TempFolder();
  const file = folder.write("file", "precious");
  await Deno.mkdir(folder.at("folder"));
  await Deno.symlink(folder.at("nowhere"), folder.at("link"));
  for (const name of ["file", "folder", "link"]) {
    assert.match(await refusal(folder.at(name)), /something that is no socket is in the way/);
  }
  assert.equal(await Deno.readTextFile(file), "precious");
});

Deno.test("a folder that is missing, and a path that is too long, are told", async () => {
  await using folder = new TempFolder();
  assert.match(await refusal(folder.at("no/pawl.sock")), /its folder does not exist; make it/);
  assert.match(await refusal(`/tmp/${"x".repeat(200)}`), /its path has 205 bytes, .* may have 1\d\d; /);
  const longest = `${folder.path}/`.padEnd(Deno.build.os === "linux" ? 107 : 103, "s");
  await using server = await startLocalServer({ listen: longest, port: new FakeAgentPort() });
  assert.equal(server.address, longest);
});

Deno.test("a port that is in use is told", async () => {
  await using rig = await LocalRig.start({ overTcp: true });
  const listen = new URL(rig.server.address).host;
  assert.equal(
    await refusal(listen, { token: "t0ken" }),
    `cannot listen on ${listen}: it is in use; stop the other process, or set local.listen`,
  );
});

Deno.test("over TCP a token must be configured", async () => {
  assert.match(
    await refusal("127.0.0.1:0"),
    /a token is needed, and none is configured; set local\.token_file/,
  );
  assert.match(await refusal("127.0.0.1:0", { token: "" }), /a token is needed/);
});

Deno.test("an address that others can reach needs allow_remote", async () => {
  for (const listen of ["0.0.0.0:9000", "192.0.2.1:9000", "[::]:9000", "web-1:9000"]) {
    assert.match(
      await refusal(listen, { token: "t0ken" }),
      /others than this host could reach it; .*allow_remote/,
    );
  }
  const port = new FakeAgentPort();
  await using server = await startLocalServer({
    listen: "0.0.0.0:0",
    allowRemote: true,
    token: "t0ken",
    port,
  });
  const response = await fetch(`http://127.0.0.1:${new URL(server.address).port}/metrics`);
  await response.body?.cancel();
  assert.equal(response.status, 401);
});

Deno.test("an address of another host is told", async () => {
  assert.match(
    await refusal("192.0.2.1:9000", { token: "t0ken", allowRemote: true }),
    /^cannot listen on 192\.0\.2\.1:9000: it is no address of this host; /,
  );
});

Deno.test("addresses are read as people write them", () => {
  const tcp = (hostname: string, port: number) => ({ transport: "tcp", hostname, port, loopback: true });
  assert.deepEqual(parseListenAddress("127.0.0.1:9000", false), tcp("127.0.0.1", 9000));
  assert.deepEqual(parseListenAddress("127.1:80", false), tcp("127.0.0.1", 80));
  assert.deepEqual(parseListenAddress("localhost:1", false), tcp("127.0.0.1", 1));
  assert.deepEqual(parseListenAddress("[::1]:65535", false), tcp("::1", 65_535));
  assert.deepEqual(parseListenAddress("/run/p.sock", false), { transport: "unix", path: "/run/p.sock" });
  for (
    const wrong of [
      "",
      "9000",
      ":9000",
      "127.0.0.1",
      "127.0.0.1:",
      "127.0.0.1:65536",
      "127.0.0.1:-1",
      "::1:80",
    ]
      .concat([
        "http://127.0.0.1:1",
        "127.0.0.1:1/x",
        "pawl.sock",
        "./pawl.sock",
        "/run/",
        "/run/a\0b",
        "1.2.3.999:1",
      ])
  ) {
    assert.throws(() => parseListenAddress(wrong, true), ConfigError, JSON.stringify(wrong));
  }
});

Deno.test("closing answers who waits, and does not wait for who goes on sending", async () => {
  const rig = await LocalRig.start();
  const waiting = await rig.connect();
  const head = "POST /v1/events HTTP/1.1\r\nHost: localhost\r\n";
  const answer = exchange(waiting, `${head}Content-Length: 10\r\n\r\n[`);
  const half = await rig.connect();
  await half.write(new TextEncoder().encode("GET /livez HTTP/1.1\r\nHo"));
  const endless = await rig.connect();
  await endless.write(new TextEncoder().encode(`${head}Content-Length: 99999999\r\n\r\n`));
  let over = false;
  const sending = (async () => {
    const piece = new Uint8Array(65536);
    try {
      for (;;) await endless.write(piece);
    } catch {
      over = true; // the server has hung up
    }
  })();
  const disk = Promise.withResolvers<boolean>();
  const accepted = Promise.withResolvers<void>();
  rig.port.durable = () => (accepted.resolve(), disk.promise);
  const unsure = rig.post({ event_status: "Ok", labels: { a: "b" }, description: "" });
  await accepted.promise;
  await rig[Symbol.asyncDispose]();
  assert.match(await answer, /^HTTP\/1\.1 503 [\s\S]*the agent is stopping/);
  assert.deepEqual((await unsure).json, { accepted: 1, durable: false });
  await until("the endless client was hung up on", () => over);
  await sending;
  for (const connection of [waiting, half, endless]) connection.close();
});
