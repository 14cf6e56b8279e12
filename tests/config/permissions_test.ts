import assert from "node:assert/strict";
import { EXAMPLE } from "../../lib/config/example.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { generalGrants, type Grant, grantsFor, permissionFlags } from "../../lib/config/permissions.ts";
import { TempFolder } from "./temp_folder.ts";

const STATE = "/var/lib/pawl";

async function grantsOf(folder: TempFolder, toml: string): Promise<Grant[]> {
  const path = folder.write("pawl.toml", toml);
  const config = await loadConfig({ path, env: new Map(), cwd: folder.path, stderrIsTerminal: false });
  return grantsFor(config, { stateDir: config.stateDir ?? STATE });
}

function values(grants: readonly Grant[], kind: Grant["kind"]): (string | undefined)[] {
  return grants.filter((grant) => grant.kind === kind).map(({ value }) => value);
}

const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

Deno.test("one server, one http check and one log file: these, what every agent needs, and nothing broader", async () => {
  await using folder = new TempFolder();
  const grants = await grantsOf(
    folder,
    `state_dir = "${STATE}"
     [server]
     address = "hub.example.com"
     [[check.http]]
     urls = ["https://shop.example.com/health"]
     [[check.logfile]]
     paths = ["/var/log/shop.log"]`,
  );
  assert.deepEqual(permissionFlags(grants, { runtime: "2.9.6" }), [
    `--allow-net=hub.example.com:443,unix:${STATE}/pawl.sock,shop.example.com:443`,
    `--allow-read=${folder.at("pawl.toml")},${STATE},/var/log/shop.log,/var/log/shop.log.1`,
    `--allow-write=${STATE}`,
    `--allow-env=${PROXIES.join(",")}`,
    "--allow-sys=hostname,networkInterfaces,osUptime,uid,cpus,systemMemoryInfo,loadavg,statfs",
  ]);
});

Deno.test("before 2.9 a unix socket is a matter of files alone: naming it among addresses would be an error", async () => {
  await using folder = new TempFolder();
  const toml = `[server]\naddress = "[2001:db8::1]:8443"\n[local]\nlisten = "/run/pawl/pawl.sock"`;
  const grants = await grantsOf(folder, toml);
  const [net] = permissionFlags(grants, { runtime: "2.7.11" });
  assert.equal(net, "--allow-net=[2001:db8::1]:8443");
  for (const kind of ["read", "write"] as const) {
    assert.ok(values(grants, kind).includes("/run/pawl/pawl.sock"), kind);
  }
  assert.deepEqual(values(grants, "net"), ["[2001:db8::1]:8443", "unix:/run/pawl/pawl.sock"]);
});

Deno.test("a program, a folder of logs, a variable and a port are granted where the file names them, not before", async () => {
  await using folder = new TempFolder();
  const without = await grantsOf(folder, "");
  assert.deepEqual(values(without, "run"), []);
  assert.equal(values(without, "read").includes("/var/log"), false, "the default folder of logs is no grant");
  folder.write("local_token", "0123456789abcdef");
  folder.write("token", "0123456789abcdef");
  const grants = await grantsOf(
    folder,
    `[server]
     address = "wss://hub.example.com:9000"
     token_file = "token"
     [local]
     listen = "127.0.0.1:9464"
     token_file = "local_token"
     [host]
     procfs = "/host/proc"
     [remote]
     log_roots = ["/var/log", "/srv/a,b"]
     allow_run = ["/usr/bin/ss"]
     [notify.hook]
     type = "webhook"
     url = "http://hooks.example.com/x"
     [[check.exec]]
     name = "backup"
     program = "/opt/check_backup"
     [[check.redis]]
     targets = ["unix:///run/redis.sock"]`,
  );
  assert.deepEqual(values(grants, "run"), ["/opt/check_backup", "/usr/bin/ss"]);
  assert.deepEqual(values(grants, "net"), [
    "hub.example.com:9000",
    "hooks.example.com:80",
    "127.0.0.1:9464",
    "unix:/run/redis.sock",
  ]);
  assert.deepEqual(
    values(grants, "read").toSorted(),
    [
      "/host/proc",
      "/run/redis.sock",
      "/srv/a,b",
      STATE,
      "/var/log",
      folder.at("local_token"),
      folder.at("pawl.toml"),
      folder.at("token"),
    ].toSorted(),
  );
  assert.deepEqual(values(grants, "write"), [STATE, "/run/redis.sock"]);
  assert.match(permissionFlags(grants).join(" "), /\/srv\/a,,b/); // a comma is written twice
  assert.equal(values(grants, "env").length, PROXIES.length + 3);
});

Deno.test("a variable that the file refers to is granted, with the key that does", async () => {
  await using folder = new TempFolder();
  const path = folder.write("pawl.toml", '[server]\ntoken = "${PAWL_TOKEN}"\naddress = "hub.example.com"');
  const env = new Map([["PAWL_TOKEN", "0123456789abcdef"]]);
  const config = await loadConfig({ path, env, cwd: folder.path, stderrIsTerminal: false });
  const grant = grantsFor(config, { stateDir: STATE }).find(({ value }) => value === "PAWL_TOKEN");
  assert.deepEqual(grant, {
    kind: "env",
    value: "PAWL_TOKEN",
    setting: ["server", "token"],
    why: "the configuration refers to it",
  });
});

Deno.test("whatever is configured, nothing is granted whole, and each grant says what asks for it", async () => {
  await using folder = new TempFolder();
  const example = await grantsOf(folder, EXAMPLE);
  assert.ok(example.length > 20);
  for (const { value, why } of example) {
    assert.ok(value !== undefined && value !== "/" && value !== "*" && why !== "", JSON.stringify(value));
  }
});

Deno.test("a general agent may reach any host, and still run nothing and write in its own folder alone", () => {
  const grants = generalGrants([STATE]);
  assert.deepEqual(values(grants, "net"), [undefined]);
  assert.deepEqual(values(grants, "run"), []);
  assert.deepEqual(values(grants, "write"), [STATE]);
  for (const kind of ["read", "env", "sys"] as const) {
    assert.ok(!values(grants, kind).includes(undefined), kind);
  }
});
