import assert from "node:assert/strict";
import { loadFrom, refusal } from "./load_from.ts";
import { TempFolder } from "./temp_folder.ts";

const hook = (lines: string) => `[notify.h]\ntype = "webhook"\nurl = "https://h.example"\n${lines}\n`;

Deno.test("every secret of a configuration is told, each once", async () => {
  const { secrets } = await loadFrom(
    `
[server]
token = "of-server"
[local]
listen = "127.0.0.1:1"
token_file = "local"
[notify.h]
type = "webhook"
url = "https://h.example/services/T0123456789abcdef?team=a&sig=fedcba9876543210"
headers = { Authorization = "Bearer of-hook", X-Api-Key = "of-key", X-Region = "\${REGION}", X-Team = "blue" }
[notify.a]
type = "alertmanager"
url = "http://127.0.0.1"
headers = { Cookie = "of-cookie", X-Api-Key = "of-key" }
[notify.p]
type = "pagerduty"
routing_key = "of-pager"
[notify.q]
type = "pagerduty"
routing_key_file = "pager"
`,
    { env: { REGION: "of-region" }, files: { local: "of-local\n", pager: "of-file\n" } },
  );
  assert.deepEqual(secrets, [
    "of-server",
    "of-local",
    "T0123456789abcdef",
    "fedcba9876543210",
    "Bearer of-hook",
    "of-hook",
    "of-key",
    "of-region",
    "of-cookie",
    "of-pager",
    "of-file",
  ]);
});

Deno.test("the token that a flag names is a secret, and the file's is not read", async () => {
  const { secrets, server } = await loadFrom('[server]\ntoken = "of-the-file"\n', {
    flags: { tokenFile: "token" },
    files: { token: "of-the-flag" },
  });
  assert.equal(server.token, "of-the-flag");
  assert.deepEqual(secrets, ["of-the-flag"]);
});

Deno.test("no error shows what stands in a destination's secret places", async () => {
  const messages = [
    await refusal('local = "hunter2"\n'),
    await refusal('notify = "hunter2"\n'),
    await refusal('[notify]\nrouting_key = "hunter2"\n'),
    await refusal('[notify.p]\ntype = "pagerduty"\nrouting_key = ["hunter2"]\n'),
    await refusal('[notify.p]\ntype = "pagerduty"\nrouting_key = "hunter2é"\n'),
    await refusal('[notify.p]\ntype = "pagerduty"\nrouting_key = "hunter2"\nurl = "hunter2"\n'),
    await refusal('[notify.p]\ntype = "pagerduty"\nkey = "hunter2"\n'),
    await refusal(hook('headers = { Authorization = "Bearer ${T}" }'), { env: { T: "hunter2\nX: y" } }),
    await refusal(hook('headers = "hunter2"')),
    await refusal(hook('headers = { Authorization = ["hunter2"] }')),
    await refusal('[notify.h]\ntype = "webhook"\nurl = "${T}"\n', { env: { T: "https://hunter2@h" } }),
  ];
  for (const message of messages) {
    assert.match(message, /^(?:cannot load )?pawl\.toml:\d+: /);
    assert.doesNotMatch(message, /hunter2/);
  }
});

Deno.test("secrets that other users can read, or that cross the network unencrypted, are warnings", async () => {
  const warnings = async (toml: string, options = {}) =>
    (await loadFrom(toml, options)).warnings.map((warning) => warning.replace(/\/\S*pawl\.toml/, "FILE"));
  const open = { mode: 0o644, env: { T: "s3cret" } };
  const key = (line: string) => `[notify.p]\ntype = "pagerduty"\n${line}\n`;
  assert.deepEqual(await warnings(key('routing_key = "s3cret"'), open), [
    "notify.p.routing_key: every user of this host can read FILE; use notify.p.routing_key_file",
  ]);
  assert.deepEqual(await warnings(key('routing_key = "${T}"'), open), []);
  assert.deepEqual(await warnings(hook('headers.Authorization = "Basic s3cret"'), open), [
    "notify.h.headers.Authorization: every user of this host can read FILE; put the value into a variable",
  ]);
  assert.deepEqual(await warnings(hook('headers = { Authorization = "${T}", X-Team = "a" }'), open), []);
  assert.deepEqual(await warnings(hook('headers.Authorization = "Basic s3cret"')), []);

  assert.deepEqual(await warnings(key('routing_key = "s3cret"\nurl = "http://pd.example"')), [
    "notify.p.url: the routing key goes to pd.example unencrypted; use https",
  ]);
  const plain = (host: string, headers: string) =>
    `[notify.a]\ntype = "alertmanager"\nurl = "http://${host}"\nheaders = ${headers}\n`;
  assert.deepEqual(await warnings(plain("am.example:9093", '{ X-Auth = "s3cret" }')), [
    "notify.a.url: its headers go to am.example:9093 unencrypted; use https",
  ]);
  assert.deepEqual(await warnings(plain("127.0.0.1:9093", '{ X-Auth = "s3cret" }')), []);
  assert.deepEqual(await warnings(plain("am.example:9093", '{ X-Team = "a" }')), []);
});

Deno.test("a routing key file that every user can read is a warning", async () => {
  await using folder = new TempFolder();
  const file = folder.write("key", "r0uting", 0o644);
  const { warnings } = await loadFrom(`[notify.p]\ntype = "pagerduty"\nrouting_key_file = "${file}"\n`);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? "",
    /notify\.p\.routing_key_file: every user of this host can read .*key; run chmod o=/,
  );
});
