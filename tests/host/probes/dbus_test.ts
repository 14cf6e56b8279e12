import assert from "node:assert/strict";
import { systemClock as clock } from "../../../lib/clock.ts";
import { DbusConnection } from "../../../lib/host/probes/dbus.ts";
import { DbusVariant } from "../../../lib/host/probes/dbus_message.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";
import { FakeSystemd, type SystemdFault } from "../../fakes/fake_systemd.ts";
import { UnixServer, writeAll } from "../../fakes/unix_server.ts";
import { until } from "../../fakes/until.ts";

const never = new AbortController().signal;
const BUS = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
};

function isInstalled(): boolean {
  try {
    return new Deno.Command("dbus-daemon", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "a real bus takes the handshake, answers and refuses",
  ignore: !isInstalled(),
  async fn() {
    const folder = await Deno.makeTempDir();
    const socket = `${folder}/bus`;
    const daemon = new Deno.Command("dbus-daemon", {
      args: ["--session", "--nofork", "--nopidfile", `--address=unix:path=${socket}`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await until("the bus listens", async () => {
        try {
          return (await Deno.lstat(socket)).isSocket;
        } catch {
          return false;
        }
      });
      using connection = await DbusConnection.open({ clock, socket }, never);
      const [names] = await connection.call({ ...BUS, member: "ListNames" }, never);
      assert.ok(Array.isArray(names) && names.includes("org.freedesktop.DBus"));
      const getAll = {
        ...BUS,
        interface: "org.freedesktop.DBus.Properties",
        member: "GetAll",
        args: [BUS.interface],
      };
      const [properties] = await connection.call(getAll, never);
      const features = Object.fromEntries(properties as [string, DbusVariant][])["Features"];
      assert.ok(features instanceof DbusVariant && features.signature === "as");
      await assert.rejects(connection.call({ ...BUS, member: "NoSuchThing" }, never), {
        name: "DbusCallError",
        errorName: "org.freedesktop.DBus.Error.UnknownMethod",
      });
      const [id] = await connection.call({ ...BUS, member: "GetId" }, never);
      assert.match(String(id), /^[0-9a-f]{32}$/, "a refusal leaves the connection in use");
    } finally {
      daemon.kill("SIGTERM");
      await daemon.status;
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("a peer that refuses, or speaks something else, is told of in words", async () => {
  await using systemd = new FakeSystemd();
  const cases: [SystemdFault, RegExp][] = [
    ["refuses", /it answered "REJECTED EXTERNAL"/],
    ["garbage", /no reply to Hello from .*: this is no D-Bus message/],
  ];
  for (const [fault, message] of cases) {
    systemd.fault = fault;
    await assert.rejects(DbusConnection.open({ clock, socket: systemd.socket }, never), message);
  }
  await using endless = new UnixServer(async (conn) => {
    for (;;) await writeAll(conn, new Uint8Array(1000).fill(65));
  });
  await assert.rejects(DbusConnection.open({ clock, socket: endless.path }, never), /does not end/);
  await using leaver = new UnixServer(() => Promise.resolve());
  await assert.rejects(
    DbusConnection.open({ clock, socket: leaver.path }, never),
    /closed|Broken pipe|reset/,
  );
});

Deno.test("a peer that hangs at any phase times out, and is let go of", async () => {
  await using systemd = new FakeSystemd();
  for (const fault of ["hangs at the handshake", "hangs"] as const) {
    systemd.fault = fault;
    const fake = new FakeClock();
    const opening = DbusConnection.open({
      clock: fake,
      socket: systemd.socket,
      connectMs: 1000,
      replyMs: 1000,
    }, never);
    const refused = assert.rejects(opening, { name: "TimeoutError" });
    if (fault === "hangs") await until("it was greeted", () => systemd.calls.includes("Hello"));
    else await until("the wait has begun", () => fake.pendingTimers === 1);
    await fake.tick(1000);
    await refused;
    assert.equal(fake.pendingTimers, 0);
  }
});
