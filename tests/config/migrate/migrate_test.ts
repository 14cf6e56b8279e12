import assert from "node:assert/strict";
import { parseToml, valueAt } from "../../../lib/config/toml.ts";
import { migrate } from "../../../lib/config/migrate/migrate.ts";
import { loadFrom } from "../load_from.ts";
import { TempFolder } from "../temp_folder.ts";
import { linesOf, migrated, migratedPlugin } from "./peer_folder.ts";
import { WHOLE_PEER } from "./whole_peer.ts";

const ENV = {
  CATPAW_TOKEN: "t0ken",
  WEBAPI_TOKEN: "w3b",
  PAGERDUTY_KEY: "p4ge",
  REDIS_PASSWORD: "r3dis",
};

/** The first table of the check in the file that was made. */
async function table(plugin: string, text: string): Promise<Record<string, unknown>> {
  const { toml } = await migratedPlugin(plugin, text);
  await loadFrom(toml);
  const found = valueAt(parseToml(toml), ["check", plugin, 0]);
  assert.ok(typeof found === "object" && found !== null, toml);
  return JSON.parse(JSON.stringify(found));
}

Deno.test("a configuration with everything in it becomes one that loads", async () => {
  const { toml, dropped, changed } = await migrated(WHOLE_PEER);
  const config = await loadFrom(toml, { env: ENV });
  assert.equal(config.server.url?.href, "ws://hub.example.com:8080/api/v1/agent/ws");
  assert.equal(config.server.token, "t0ken");
  assert.equal(config.server.alertBufferSize, 500);
  assert.deepEqual(config.labels, { team: "infra" });
  assert.deepEqual(config.log, { level: "warning", format: "json" });
  assert.deepEqual(config.notify.map(({ name, type }) => [name, type]), [
    ["console", "console"],
    ["webapi", "webhook"],
    ["pagerduty", "pagerduty"],
  ]);
  const plugins = [...new Set(config.checks.map(({ plugin }) => plugin))];
  assert.deepEqual(plugins.toSorted(), [
    "cert",
    "conntrack",
    "cpu",
    "disk",
    "diskio",
    "dns",
    "docker",
    "exec",
    "filecheck",
    "filefd",
    "hostident",
    "http",
    "logfile",
    "mem",
    "mount",
    "neigh",
    "net",
    "netif",
    "procfd",
    "procnum",
    "redis",
    "sockstat",
    "sysctl",
    "systemd",
    "tcpstate",
    "uptime",
    "zombie",
  ]);
  for (const plugin of ["ntp", "ping", "journaltail", "redis_sentinel", "secmod"]) {
    assert.match(linesOf(dropped), new RegExp(`^p\\.${plugin}/${plugin}\\.toml:1: ${plugin}: `, "m"));
  }
  assert.match(linesOf(dropped), /^config\.toml:\d+: notify\.flashduty: /m);
  assert.match(linesOf(dropped), /^config\.toml:\d+: ai: /m);
  assert.match(linesOf(changed), /^config\.toml:\d+: server\.address: spoken in the clear/m);
});

Deno.test("each key that is not taken over is named with its file and line", async () => {
  const { dropped } = await migratedPlugin(
    "cpu",
    '[[instances]]\nfoo = 1\n[instances.cpu_usage]\nbar = "x"\n',
  );
  assert.deepEqual(dropped, [
    { place: "p.cpu/cpu.toml:4", text: "cpu.cpu_usage.bar" },
    { place: "p.cpu/cpu.toml:2", text: "cpu.foo" },
  ]);
});

Deno.test("the notes quote no value: neither a token nor a password", async () => {
  const { toml, dropped, changed } = await migrated({
    "config.toml":
      '[server]\naddress = "h:1"\nagent_token = "s3cret-t0ken"\nunknown = "s3cret-x"\n[flashduty]\nurl = "https://s3cret"\n',
    "p.redis/redis.toml":
      '[[instances]]\ntargets = ["127.0.0.1"]\npassword = "s3cret-pass"\nmode = "s3cret-mode"\n',
    "p.http/http.toml":
      '[[instances]]\ntargets = ["https://u:s3cret-pw@h/"]\nbasic_auth_user = "a"\nbasic_auth_pass = "s3cret-basic"\n',
  });
  assert.match(toml, /s3cret-t0ken/); // where it belongs
  assert.doesNotMatch(linesOf(dropped) + linesOf(changed), /s3cret/);
});

Deno.test("what a threshold, a pause and a repeat mean stays the same", async () => {
  assert.deepEqual(
    await table(
      "mem",
      "[[instances]]\ninterval = 20\n[instances.memory_usage]\nwarn_ge = 70\n[instances.alerting]\n" +
        "for_duration = 0\nrepeat_interval = '5m'\nrepeat_number = 3\ndisable_recovery_notification = true\n",
    ),
    {
      warn_ge: 70,
      critical_ge: 0, // it was not there, and off
      swap: { warn_ge: 0, critical_ge: 0 },
      interval: "20s",
      for: "0s", // ours would be 1m
      repeat_interval: "5m",
      repeat_count: 2, // theirs counts the first one
      recovery: false,
    },
  );
});

Deno.test("a repeat number of 0 is for ever", async () => {
  const { repeat_count } = await table("filefd", "[[instances]]\n[instances.alerting]\nrepeat_number = 0\n");
  assert.equal(repeat_count, "forever");
});

Deno.test("counts per look become counts per minute", async () => {
  const text = "[[instances]]\ninterval = '30s'\n[instances.errors]\nwarn_ge = 1\ncritical_ge = 100\n";
  const { warn_ge, critical_ge } = await table("netif", text);
  assert.deepEqual([warn_ge, critical_ge], [2, 200]);
  assert.match(linesOf((await migratedPlugin("netif", text)).changed), /netif\.errors: counted per look/);
});

Deno.test("the interval is the instance's, else the folder's, else the global one", async () => {
  const { toml } = await migrated({
    "config.toml": "[global]\ninterval = '15s'\n",
    "p.filefd/filefd.toml": "[[instances]]\n[instances.filefd_usage]\nwarn_ge = 1\n",
    "p.mem/mem.toml": "interval = '45s'\n[[instances]]\n",
    "p.cpu/cpu.toml": "interval = '45s'\n[[instances]]\ninterval = '50s'\n",
  });
  const { checks } = await loadFrom(toml);
  assert.deepEqual(checks.map(({ plugin, pace }) => [plugin, pace.intervalMs]), [
    ["cpu", 50_000],
    ["mem", 45_000],
    ["filefd", 15_000],
  ]);
});

Deno.test("an instance takes from its partial what it does not say itself", async () => {
  const partial = "[[partials]]\nid = 'a'\ntimeout = '2s'\nread_timeout = '4s'\n";
  const settings = await table(
    "net",
    `${partial}[[instances]]\npartial = 'a'\ntargets = ['h:1']\ntimeout = '3s'\n`,
  );
  assert.deepEqual([settings["connect_timeout"], settings["read_timeout"]], ["3s", "4s"]);
});

Deno.test("a later file wins, and one for this host alone last", async () => {
  const { toml } = await migrated({
    "config.toml": "[log]\nlevel = 'info'\n[server]\naddress = 'one:1'\nalert_buffer_size = 1\n",
    "more.toml": "[server]\naddress = 'two:2'\n[log]\nlevel = 'debug'\n",
    "config.local.toml": "[server]\naddress = 'https://three:3'\n",
  });
  const { server, log } = await loadFrom(toml);
  assert.deepEqual([server.url?.host, server.alertBufferSize, log.level], ["three:3", 1, "debug"]);
});

Deno.test("a text that looks like a variable stays the text it was", async () => {
  const { toml } = await migratedPlugin("net", "[[instances]]\ntargets = ['h:1']\nsend = 'a${HOME}b'\n");
  const [check] = (await loadFrom(toml)).checks;
  assert.equal(check?.settings["send"], "a${HOME}b");
});

Deno.test("without any plugin folder nothing runs, as before", async () => {
  const { toml } = await migrated({});
  assert.deepEqual((await loadFrom(toml)).checks, []);
});

Deno.test("what does nothing there is left out without a word", async () => {
  const { toml, dropped, changed } = await migrated({
    "p.net/net.toml": "[[instances]]\ntargets = []\n",
    "p.redis/redis.toml": "[[instances]]\ntargets = []\n",
    "p.docker/docker.toml": "[[instances]]\ntargets = []\n",
  });
  assert.deepEqual((await loadFrom(toml)).checks, []);
  assert.deepEqual([...dropped, ...changed], []);
});

Deno.test("a check whose alerts are disabled is left out, and named", async () => {
  const { toml, dropped } = await migratedPlugin(
    "cpu",
    "[[instances]]\n[instances.alerting]\ndisabled = true\n",
  );
  assert.deepEqual((await loadFrom(toml)).checks, []);
  assert.match(linesOf(dropped), /cpu\.toml:1: cpu: its alerts are disabled/);
});

Deno.test("two that look at the same become one, and the other is named", async () => {
  const one = "[[instances]]\nsearch_exec_name = 'a'\n[instances.fd_usage]\nwarn_ge = 80\n";
  const { toml, dropped } = await migratedPlugin("procfd", one + one.replace("'a'", "'b'"));
  assert.equal((await loadFrom(toml)).checks.length, 1);
  assert.match(linesOf(dropped), /procfd\.toml:5: procfd: looks at .* which another/);
});

Deno.test("a value that ours does not take is left out, and named, and the rest is kept", async () => {
  const { toml, dropped } = await migratedPlugin(
    "dns",
    "[[instances]]\ntargets = ['a.example']\ntimeout = '2h'\n",
  );
  const [check] = (await loadFrom(toml)).checks;
  assert.deepEqual(check?.settings["names"], ["a.example"]);
  assert.match(linesOf(dropped), /dns\.toml:1: dns\.query_timeout: must be from/);
});

Deno.test("lines match as they did", async () => {
  const { include, exclude } = await table(
    "logfile",
    "[[instances]]\ntargets = ['/var/log/a.log']\nfilter_include = ['*ERROR*', '/(?i)panic|fatal/', 'a*b?c.']\n" +
      "filter_exclude = ['/x+/']\n",
  );
  assert.deepEqual(include, ["ERROR", "/panic|fatal/i", "/^a.*b.c\\.$/"]);
  assert.deepEqual(exclude, ["/x+/"]);
});

Deno.test("a command becomes a program with its arguments; one that needs a shell is named", async () => {
  const text =
    "[[instances]]\ncommands = [\"/a/run.sh -x 'b c' \\\"d e\\\"\", '/a/run.sh', 'cat x | y', 'rel -x']\n";
  const { toml, changed } = await migratedPlugin("exec", text);
  const { checks } = await loadFrom(toml);
  assert.deepEqual(checks.map(({ settings }) => [settings["name"], settings["program"], settings["args"]]), [
    ["run", "/a/run.sh", ["-x", "b c", "d e"]],
    ["run_2", "/a/run.sh", []],
  ]);
  assert.match(linesOf(changed), /it needs a shell/);
  assert.match(linesOf(changed), /has to be an absolute path/);
});

Deno.test("certificates with names of their own become tables of their own", async () => {
  const { toml } = await migratedPlugin(
    "cert",
    "[[instances]]\nremote_targets = ['a:443', 'b:443@x', 'c:443@x']\nfile_targets = ['/etc/a.pem']\n" +
      "[instances.file_expiry]\nwarn_within = '48h'\n",
  );
  const { checks } = await loadFrom(toml);
  assert.deepEqual(checks.map(({ settings: { remotes, files, sni } }) => [remotes, files, sni]), [
    [["a:443"], [], undefined],
    [["b:443", "c:443"], [], "x"],
    [[], ["/etc/a.pem"], undefined],
  ]);
});

Deno.test("files that are no TOML are named, for they are not read", async () => {
  const { dropped } = await migrated({ "config.yaml": "a: 1\n", "p.cpu/cpu.json": "{}" });
  assert.deepEqual(dropped.map(({ place }) => place), ["config.yaml", "p.cpu/cpu.json"]);
});

Deno.test("the folder may be named instead of the file, and one that is not there is told", async () => {
  await using folder = new TempFolder();
  folder.write("config.toml", "[server]\naddress = 'https://h'\n");
  assert.match((await migrate(".", folder.path)).toml, /address = "https:\/\/h"/);
  await assert.rejects(migrate("gone", folder.path), /^ConfigError: cannot read gone: it does not exist/);
});

Deno.test("a server that is not enabled is left out, and named", async () => {
  const { toml, dropped } = await migrated({ "config.toml": "[server]\nenabled = false\naddress = 'h:1'\n" });
  assert.equal((await loadFrom(toml)).server.url, undefined);
  assert.match(linesOf(dropped), /config\.toml:1: server: it is not enabled/);
});
