import assert from "node:assert/strict";
import { EXAMPLE } from "../../lib/config/example.ts";
import { allKeys } from "../../lib/config/schema.ts";
import { parseToml, valueAt } from "../../lib/config/toml.ts";
import { loadFrom } from "./load_from.ts";
import { TEST_CERTIFICATE } from "./test_certificate.ts";

/** A key that has no default stands commented out, with its `#` right before it. */
const COMMENTED_KEY = /^#([a-z_]+ = )/gm;

/** Where the example has the key: in the first table of a list. */
function examplePath(key: string): (string | number)[] {
  const [first = "", second = "", ...rest] = key.split(".");
  return first === "check" ? [first, second, 0, ...rest] : second === "" ? [first] : [first, second, ...rest];
}

Deno.test("the example loads, and says nothing but the defaults", async () => {
  const { file: _, ...config } = await loadFrom(EXAMPLE);
  const { file: __, ...defaults } = await loadFrom("");
  assert.deepEqual(config, defaults);
});

Deno.test("the example gives every default there is, and every key with a comment above it", () => {
  const lines = EXAMPLE.split("\n");
  lines.forEach((line, index) => {
    if (/^#?[a-z_]+ = /.test(line)) assert.match(lines[index - 1] ?? "", /^# [a-z0-9]/i, line);
  });
  const table = parseToml(EXAMPLE.replaceAll(COMMENTED_KEY, "$1"));
  for (const key of allKeys()) {
    assert.notEqual(valueAt(table, examplePath(key)), undefined, `${key} is missing`);
  }
  const spelled = parseToml(EXAMPLE);
  const without = allKeys().filter((key) => valueAt(spelled, examplePath(key)) === undefined);
  assert.deepEqual(without, [
    "state_dir",
    "server.address",
    "server.token",
    "server.token_file",
    "server.ca_file",
    "log.format",
  ]);
});

Deno.test("what the example has commented out is valid too", async () => {
  const full = EXAMPLE.replaceAll(COMMENTED_KEY, "$1").replace(/^token_file = .*$/m, "")
    .replace("/etc/pawl/ca.pem", "ca.pem");
  const config = await loadFrom(full, {
    env: { PAWL_TOKEN: "s3cret" },
    files: { "ca.pem": TEST_CERTIFICATE },
  });
  assert.equal(config.server.token, "s3cret");
  assert.equal(config.server.url?.href, "wss://hub.example.com:8443/api/v1/agent/ws");
  assert.deepEqual(config.labels, { environment: "production" });
});

Deno.test("the reference lists exactly the keys that there are", () => {
  const text = Deno.readTextFileSync(new URL("../../docs/configuration.md", import.meta.url));
  const listed = [...text.matchAll(/^\| `([a-z_.]+)` +\|/gm)].map(([, key]) => key);
  assert.deepEqual(listed, allKeys());
});

Deno.test("the reference gives the defaults that hold", () => {
  const text = Deno.readTextFileSync(new URL("../../docs/configuration.md", import.meta.url));
  const spelled = parseToml(EXAMPLE);
  const rows = [...text.matchAll(/^\| `([a-z_.]+)` +\| `([^`]+)` +\|/gm)];
  assert.equal(rows.length, allKeys().length - 7); // labels and the six that have none
  for (const [, key = "", written = ""] of rows) {
    const { value } = parseToml(`value = ${written}`);
    assert.deepEqual(value, valueAt(spelled, examplePath(key)), key);
  }
});
