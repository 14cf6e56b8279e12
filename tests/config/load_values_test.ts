import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKS } from "../../lib/checks/registry.ts";
import { loadConfig } from "../../lib/config/load.ts";
import type { Config } from "../../lib/config/config.ts";
import { loadFrom } from "./load_from.ts";
import { TempFolder } from "./temp_folder.ts";
import { TEST_CERTIFICATE } from "./test_certificate.ts";

const noEnv = new Map<string, string>();

const DEFAULT_POLICY = {
  sessions: ["inspect", "diagnose", "chat"],
  users: [],
  maxTurns: 100,
  maxMs: 3_600_000,
  maxOutputBytes: 16 * 1024 * 1024,
  maxToolRuns: 200,
  maxSessionsPerHour: 120,
  maxToolRunsPerHour: 2000,
};

/** The instances of one check: what is its own, and how often it looks. */
function instancesOf({ checks }: Pick<Config, "checks">, plugin: string): unknown[] {
  return checks.filter((check) => check.plugin === plugin)
    .map(({ settings, pace }) => ({ ...settings, intervalMs: pace.intervalMs }));
}

Deno.test("without any file the defaults hold: the checks that fit every host, no server", async () => {
  await using folder = new TempFolder();
  const { checks, ...config } = await loadConfig({
    env: noEnv,
    cwd: folder.path,
    systemPath: folder.at("none.toml"),
    stderrIsTerminal: false,
  });
  assert.deepEqual(config, {
    file: undefined,
    files: [],
    variables: [],
    warnings: [],
    secrets: [],
    stateDir: undefined,
    labels: {},
    server: {
      url: undefined,
      urls: [],
      token: undefined,
      caCerts: [],
      clientCertificate: undefined,
      credentialFiles: { token: undefined, ca: undefined, cert: undefined, key: undefined },
      proxy: undefined,
      alertBufferSize: 1000,
    },
    queue: { maxEvents: 100_000, maxBytes: 64 * 1024 * 1024, maxAgeMs: 7 * 86_400_000 },
    local: { listen: { kind: "default" }, token: undefined, allowRemote: false },
    notify: [],
    log: { level: "info", format: "json" },
    host: { procfs: undefined, sysfs: undefined },
    audit: { maxBytes: 8 * 1024 * 1024, maxFiles: 8 },
    remote: {
      policy: DEFAULT_POLICY,
      maxSessions: 3,
      chatIdleTimeoutMs: 1_800_000,
      tools: ["reach:host", "reach:files", "reach:service"],
      logRoots: ["/var/log"],
      logRootsAreNamed: false,
      allowRun: [],
      trustedKeys: [],
    },
  });
  assert.deepEqual(
    checks.map(({ plugin }) => plugin),
    CHECKS.filter(({ byDefault }) => byDefault).map(({ plugin }) => plugin),
  );
  const [cpu] = checks;
  assert.deepEqual(cpu?.settings, {
    warn_ge: 80,
    critical_ge: 90,
    load: { warn_ge: 3, critical_ge: 5 },
  });
  assert.deepEqual(cpu?.pace, {
    intervalMs: 30_000,
    timeoutMs: 10_000,
    forMs: 120_000,
    repeatIntervalMs: 3_600_000,
    repeatCount: 3,
    recovery: true,
    holdMs: 600_000,
    labels: {},
  });
});

Deno.test("an empty file says the same as none", async () => {
  const empty = await loadFrom("");
  assert.match(empty.file ?? "", /pawl\.toml$/);
  assert.equal(instancesOf(empty, "disk").length, 1);
});

Deno.test("what a file says of a check's pace arrives", async () => {
  const { checks: [check] } = await loadFrom(
    '[[check.cpu]]\ninterval = "10s"\nfor = "1m"\ntimeout = "1m"\nrepeat_interval = "5m"\n' +
      'repeat_count = "forever"\nrecovery = false\nhold = "1h"\nlabels = { team = "a" }\n',
  );
  assert.deepEqual(check?.pace, {
    intervalMs: 10_000,
    timeoutMs: 10_000, // no longer than the interval
    forMs: 60_000,
    repeatIntervalMs: 300_000,
    repeatCount: Infinity,
    recovery: false,
    holdMs: 3_600_000,
    labels: { team: "a" },
  });
});

Deno.test("every key arrives", async () => {
  const config = await loadFrom(
    `
state_dir = "state"
[labels]
rack = "r1"
"odd name" = "ü"
[server]
address = "hub.example.com"
token = "t0ken"
ca_file = "ca.pem"
alert_buffer_size = 5
[queue]
max_events = 200
max_bytes = "1.5GiB"
max_age = "36h"
[local]
listen = "none"
[log]
level = "debug"
format = "pretty"
[[check.disk]]
mount_points = ["/", "/srv"]
interval = "5m"
warn_ge = 70.5
critical_ge = 0
[[check.disk]]
mount_points = ["/var"]
[host]
procfs = "/host/proc"
sysfs = "/host/sys"
[remote]
max_sessions = 1
chat_idle_timeout = "90s"
tools = ["cpu_*", "!family:files"]
log_roots = ["/srv/log"]
allow_run = ["/usr/bin/ss"]
`,
    { files: { "ca.pem": `preamble\n${TEST_CERTIFICATE}\r\n${TEST_CERTIFICATE}` } },
  );
  const folder = (config.file ?? "").replace("/pawl.toml", "");
  assert.equal(config.stateDir, join(folder, "state"));
  assert.deepEqual(config.labels, { rack: "r1", "odd name": "ü" });
  assert.equal(config.server.url?.href, "wss://hub.example.com/api/v1/agent/ws");
  assert.equal(config.server.token, "t0ken");
  assert.deepEqual(config.server.caCerts, [TEST_CERTIFICATE, TEST_CERTIFICATE]);
  assert.equal(config.server.alertBufferSize, 5);
  assert.deepEqual(config.queue, { maxEvents: 200, maxBytes: 1536 * 1024 * 1024, maxAgeMs: 36 * 3_600_000 });
  assert.deepEqual(config.local, { listen: { kind: "none" }, token: undefined, allowRemote: false });
  assert.deepEqual(config.log, { level: "debug", format: "pretty" });
  const disks = config.checks.map(({ plugin, settings }) => [
    plugin,
    settings["mount_points"],
    settings["warn_ge"],
    settings["critical_ge"],
  ]);
  assert.deepEqual(disks, [["disk", ["/", "/srv"], 70.5, 0], ["disk", ["/var"], 90, 99]]);
  assert.deepEqual(config.host, { procfs: "/host/proc", sysfs: "/host/sys" });
  assert.deepEqual(config.remote, {
    policy: DEFAULT_POLICY,
    maxSessions: 1,
    chatIdleTimeoutMs: 90_000,
    tools: ["cpu_*", "!family:files"],
    logRoots: ["/srv/log"],
    logRootsAreNamed: true,
    allowRun: ["/usr/bin/ss"],
    trustedKeys: [],
  });
});

Deno.test("a file that names one check enables that one alone, an empty [check] none", async () => {
  const one = await loadFrom("[[check.mem]]\n");
  assert.deepEqual(one.checks.map(({ plugin }) => plugin), ["mem"]);
  const none = await loadFrom("[check]\n");
  assert.deepEqual(none.checks, []);
});

Deno.test("an alert buffer of 0 or less reads as the default", async () => {
  for (const size of [0, -1, -99999]) {
    const { server } = await loadFrom(`[server]\nalert_buffer_size = ${size}\n`);
    assert.equal(server.alertBufferSize, 1000);
  }
});

Deno.test("the log is pretty on a terminal unless the file or a flag says otherwise", async () => {
  const format = async (toml: string, stderrIsTerminal: boolean, logFormat?: string) =>
    (await loadFrom(toml, { stderrIsTerminal, flags: { logFormat } })).log.format;
  assert.equal(await format("", true), "pretty");
  assert.equal(await format("", false), "json");
  assert.equal(await format('[log]\nformat = "json"\n', true), "json");
  assert.equal(await format('[log]\nformat = "json"\n', true, "pretty"), "pretty");
});

Deno.test("flags win over the file, and their paths start at the working folder", async () => {
  await using folder = new TempFolder();
  Deno.mkdirSync(folder.at("etc"));
  const path = folder.write(
    "etc/pawl.toml",
    '[server]\naddress = "a.example"\ntoken = "of-the-file"\nca_file = "absent.pem"\n[log]\nlevel = "error"\n',
  );
  folder.write("token", " of-the-flag \n");
  folder.write("ca.pem", TEST_CERTIFICATE);
  const config = await loadConfig({
    path,
    flags: { server: "b.example:1", tokenFile: "token", caFile: "ca.pem", logLevel: "debug" },
    env: noEnv,
    cwd: folder.path,
    stderrIsTerminal: false,
  });
  assert.equal(config.server.url?.host, "b.example:1");
  assert.equal(config.server.token, "of-the-flag");
  assert.deepEqual(config.server.caCerts, [TEST_CERTIFICATE]);
  assert.equal(config.log.level, "debug");
});

Deno.test("the file is --config's, else ./pawl.toml, else the system's", async () => {
  await using folder = new TempFolder();
  const systemPath = folder.write("system.toml", '[labels]\nfrom = "system"\n');
  const load = async (path?: string) =>
    (await loadConfig({ path, env: noEnv, cwd: folder.path, systemPath, stderrIsTerminal: false }))
      .labels["from"];
  assert.equal(await load(), "system");
  folder.write("pawl.toml", '[labels]\nfrom = "working folder"\n');
  assert.equal(await load(), "working folder");
  folder.write("named.toml", '[labels]\nfrom = "flag"\n');
  assert.equal(await load("named.toml"), "flag");
});

Deno.test("relative paths in the file start at its folder, and token files are trimmed", async () => {
  const config = await loadFrom('[server]\ntoken_file = "./token"\n', {
    files: { token: "\n abc def \r\n" },
  });
  assert.equal(config.server.token, "abc def");
});

Deno.test("variables are put into strings, and $${ stands for itself", async () => {
  const { labels, checks } = await loadFrom(
    '[labels]\na = "x${A}y${B_2}"\nb = "$${A} $$ $A"\nc = "${EMPTY}"\n[[check.disk]]\nmount_points = ["${MOUNT}"]\n',
    { env: { A: "1", B_2: "${A}", EMPTY: "", MOUNT: "/srv" } },
  );
  assert.deepEqual(labels, { a: "x1y${A}", b: "${A} $$ $A", c: "" });
  assert.deepEqual(checks[0]?.settings["mount_points"], ["/srv"]);
});

Deno.test("what is unwise but works is a warning", async () => {
  const warnings = async (toml: string, options = {}) => (await loadFrom(toml, options)).warnings;
  const secret = '[server]\ntoken = "s3cret"\n';
  const [plain] = await warnings(`${secret}address = "http://hub.example.com"\n`);
  assert.match(plain ?? "", /server\.address: the token goes to hub\.example\.com unencrypted/);
  assert.deepEqual(await warnings(`${secret}address = "localhost"\n`), []);
  assert.deepEqual(await warnings('[server]\naddress = "http://hub.example.com"\n'), []);
  const [open] = await warnings(secret, { mode: 0o644 });
  assert.match(open ?? "", /server\.token: every user of this host can read/);
  assert.deepEqual(await warnings('[server]\ntoken = "${T}"\n', { mode: 0o644, env: { T: "s3cret" } }), []);
  const [odd] = await warnings("[[check.cpu]]\nwarn_ge = 95\n");
  assert.match(odd ?? "", /check\.cpu: warn_ge 95 is above critical_ge 90/);
});

Deno.test("a token file that every user can read is a warning", async () => {
  await using folder = new TempFolder();
  const tokenFile = folder.write("token", "s3cret\n", 0o644);
  const load = () =>
    loadConfig({
      path: folder.write("pawl.toml", ""),
      flags: { tokenFile },
      env: noEnv,
      cwd: folder.path,
      stderrIsTerminal: false,
    });
  const [warning] = (await load()).warnings;
  assert.match(warning ?? "", /--token-file: every user of this host can read .*token; run chmod o=/);
  Deno.chmodSync(tokenFile, 0o640);
  assert.deepEqual((await load()).warnings, []);
});

Deno.test({
  name: "default places that the sandbox hides are left out, with a warning; a named one is an error",
  permissions: { read: false },
  async fn() {
    const options = { env: noEnv, cwd: "/nowhere", stderrIsTerminal: false };
    const config = await loadConfig(options);
    assert.equal(config.file, undefined);
    assert.match(
      config.warnings.join("\n"),
      /does not let \/nowhere\/pawl\.toml be read[^]*\/etc\/pawl\/pawl\.toml/,
    );
    await assert.rejects(
      loadConfig({ ...options, path: "x.toml" }),
      /\/nowhere\/x\.toml: the sandbox does not grant/,
    );
  },
});
