import assert from "node:assert/strict";
import { CHECKS } from "../../lib/checks/registry.ts";
import { optionRows } from "../../lib/config/check_reference.ts";
import { EXAMPLE } from "../../lib/config/example.ts";
import { allKeys, knownKeys } from "../../lib/config/known_keys.ts";
import { plainRows } from "../../lib/config/reference.ts";
import { parseToml, type TomlTable, valueAt } from "../../lib/config/toml.ts";
import { loadFrom } from "./load_from.ts";
import { TEST_CERTIFICATE } from "./test_certificate.ts";

/** What has no default, or does not run by default, stands commented out, with its `#` right before it. */
const COMMENTED = /^#([a-z_.]+ = |\[notify\.|\[\[check\.)/gm;

/** The options of checks have a reference of their own, which is written by the code. */
const isCheckKey = (key: string) => key.startsWith("check.");

const whole = () => parseToml(EXAMPLE.replaceAll(COMMENTED, "$1"));

/** The values that the example has for the key: one, or for `notify.NAME.…` those of each destination with it. */
function valuesIn(table: TomlTable, key: string): unknown[] {
  const [first = "", second = "", ...rest] = key.split(".");
  const paths = first === "notify"
    ? Object.keys(valueAt(table, ["notify"]) ?? {}).map((name) => [first, name, ...rest])
    // A check stands in the first table of a list.
    : [first === "check" ? [first, second, 0, ...rest] : second === "" ? [first] : [first, second, ...rest]];
  return paths.map((path) => valueAt(table, path)).filter((value) => value !== undefined);
}

Deno.test("the example loads, and says nothing but the defaults", async () => {
  const { file: _, files: __, remote: { logRootsAreNamed: are, ...remote }, ...config } = await loadFrom(
    EXAMPLE,
  );
  const { file: ___, files: ____, remote: { logRootsAreNamed: are_, ...remote_ }, ...defaults } =
    await loadFrom("");
  assert.deepEqual([config, remote], [defaults, remote_]);
  assert.deepEqual([are, are_], [true, false]);
});

Deno.test("the example gives every default there is, and every key with a comment above it", () => {
  const lines = EXAMPLE.split("\n");
  lines.forEach((line, index) => {
    if (/^#?[a-z_.]+ = /.test(line)) assert.match(lines[index - 1] ?? "", /^# \S/, line);
  });
  const table = whole();
  for (const key of allKeys().filter((key) => !isCheckKey(key))) {
    assert.notDeepEqual(valuesIn(table, key), [], `${key} is missing`);
  }
  const spelled = parseToml(EXAMPLE);
  assert.equal(valueAt(spelled, ["notify"]), undefined);
  const without = allKeys().filter((key) =>
    !key.startsWith("notify.") && !isCheckKey(key) && valuesIn(spelled, key).length === 0
  );
  const undecided = plainRows().filter(({ defaultText, key }) =>
    defaultText === undefined && key !== "labels"
  );
  assert.deepEqual(without, undecided.map(({ key }) => key));
});

Deno.test("every check stands in the example with all its options, each with what it does", () => {
  const table = whole();
  for (const definition of CHECKS) {
    const example = valueAt(table, ["check", definition.plugin, 0]);
    for (const { key, defaultText, exampleText, description } of optionRows(definition)) {
      assert.match(description, /^[A-Z`].*\.$/, `${definition.plugin}.${key}`);
      assert.ok(
        defaultText ?? exampleText,
        `${definition.plugin}.${key} has neither a default nor an example`,
      );
      assert.notEqual(valueAt(example, key.split(".")), undefined, `${definition.plugin}.${key} is missing`);
    }
  }
});

Deno.test("every type of destination stands in the example with every key that it has", () => {
  const table = whole();
  for (const [name, destination] of Object.entries(valueAt(table, ["notify"]) ?? {})) {
    assert.deepEqual(Object.keys(destination), knownKeys(["notify", name], table), name);
  }
  assert.deepEqual(valuesIn(table, "notify.NAME.type"), ["console", "webhook", "alertmanager", "pagerduty"]);
});

Deno.test("what the example has commented out is valid too", async () => {
  // Of what excludes each other, one side.
  const [head = "", ...tables] = EXAMPLE.replaceAll(COMMENTED, "$1").split(/(?=^\[\[check\.)/m);
  const checks = tables.map((table) => table.replaceAll(/^(body|ca_file|sni|starttls) = .*$/gm, ""));
  const full = [head, ...checks].join("")
    .replace(/^token_file = .*$/m, "").replaceAll(/^(cert|key)_file = .*$/gm, "").replace(
      /^(routing_key|password)_file = .*$/gm,
      "",
    )
    .replaceAll("/etc/pawl/", "");
  const config = await loadFrom(full, {
    env: { PAWL_TOKEN: "s3cret", HOOK_TOKEN: "h00k", PAGERDUTY_KEY: "p4ge", REDIS_PASSWORD: "r3d" },
    files: { "ca.pem": TEST_CERTIFICATE, "local_token": "l0cal\n" },
  });
  assert.equal(config.server.token, "s3cret");
  assert.equal(config.server.url?.href, "wss://hub.example.com:8443/api/v1/agent/ws");
  assert.deepEqual(config.labels, { environment: "production" });
  assert.deepEqual(config.local, {
    listen: { kind: "tcp", hostname: "127.0.0.1", port: 9464 },
    token: "l0cal",
    allowRemote: false,
  });
  assert.deepEqual(config.notify.map(({ name, type }) => [name, type]), [
    ["screen", "console"],
    ["hook", "webhook"],
    ["alerts", "alertmanager"],
    ["oncall", "pagerduty"],
  ]);
  assert.deepEqual(config.warnings, []);
});

Deno.test("the destinations' defaults in the example are those that hold", async () => {
  const { notify } = await loadFrom(
    '[notify.hook]\ntype = "webhook"\nurl = "https://h"\n[notify.pd]\ntype = "pagerduty"\nrouting_key = "k"\n',
  );
  const [hook, pagerduty] = notify;
  const example = (name: string, key: string) => valueAt(whole(), ["notify", name, key]);
  assert.ok(hook?.type === "webhook" && pagerduty?.type === "pagerduty");
  assert.equal(hook.method, example("hook", "method"));
  assert.equal(hook.batch, example("hook", "batch"));
  assert.deepEqual(hook.headers, {});
  assert.equal(pagerduty.url.href, example("oncall", "url"));
});

Deno.test("the reference lists exactly the keys that there are", () => {
  const listed = [...reference().matchAll(/^\| `([a-zA-Z_.]+)` +\|/gm)].map(([, key]) => key);
  assert.deepEqual(listed, allKeys().filter((key) => !isCheckKey(key)));
});

Deno.test("the reference gives the defaults that hold", () => {
  const rows = [...reference().matchAll(/^\| `([a-zA-Z_.]+)` +\| `([^`]+)` +\|/gm)];
  const spelled = parseToml(EXAMPLE);
  const withDefault = [
    ...allKeys().filter((key) => key !== "labels" && !isCheckKey(key) && valuesIn(spelled, key).length > 0),
    "notify.NAME.method",
    "notify.NAME.batch",
  ];
  assert.deepEqual(rows.map(([, key]) => key), withDefault);
  for (const [, key = "", written = ""] of rows) {
    const { value } = parseToml(`value = ${written}`);
    assert.deepEqual(valuesIn(whole(), key), [value], key);
  }
});

function reference(): string {
  return Deno.readTextFileSync(new URL("../../docs/configuration.md", import.meta.url));
}
