import assert from "node:assert/strict";
import plugin from "../../tools/lint_house.ts";

function complaints(file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, file, source).map(({ id, message }) => `${id}: ${message}`);
}

const ALLOWED: [file: string, specifier: string][] = [
  ["main.ts", "./lib/cli/run.ts"],
  ["lib/cli/run.ts", "../agent.ts"],
  ["lib/cli/run.ts", "./command.ts"],
  ["lib/cli/hub.ts", "../hub/server.ts"],
  ["lib/cli/config.ts", "../config/load.ts"],
  ["lib/cli/version.ts", "../version.ts"],
  ["lib/agent.ts", "./link/connection.ts"],
  ["lib/agent.ts", "./host/runtime.ts"],
  ["lib/local/intake.ts", "../alerts/event.ts"],
  ["lib/checks/cpu.ts", "../host/host_facts.ts"],
  ["lib/checks/check.ts", "../alerts/event.ts"],
  ["lib/diagnose/playbook.ts", "../sessions/runners.ts"],
  ["lib/diagnose/playbook.ts", "../checks/check.ts"],
  ["lib/sessions/dispatcher.ts", "../protocol/mod.ts"],
  ["lib/hub/console/page.ts", "../registry.ts"],
  ["lib/hub/console/page.ts", "../../protocol/mod.ts"],
  ["lib/link/connection.ts", "../clock.ts"],
  ["lib/link/connection.ts", "npm:smol-toml"],
  ["lib/hub/server.ts", "hono"],
  ["lib/protocol/codec.ts", "./payload_fields.ts"],
  ["tests/link/x_test.ts", "../../lib/hub/server.ts"],
];

const REFUSED: [file: string, specifier: string, target: string][] = [
  ["main.ts", "./lib/agent.ts", "lib/agent.ts"],
  ["main.ts", "./lib/log.ts", "lib/log.ts"],
  ["lib/agent.ts", "./hub/server.ts", "lib/hub/server.ts"],
  ["lib/agent.ts", "./cli/run.ts", "lib/cli/run.ts"],
  ["lib/cli/check.ts", "../link/connection.ts", "lib/link/connection.ts"],
  ["lib/hub/server.ts", "../link/outbox.ts", "lib/link/outbox.ts"],
  ["lib/hub/console/page.ts", "../../sessions/dispatcher.ts", "lib/sessions/dispatcher.ts"],
  ["lib/link/connection.ts", "../hub/server.ts", "lib/hub/server.ts"],
  ["lib/link/connection.ts", "../sessions/dispatcher.ts", "lib/sessions/dispatcher.ts"],
  ["lib/alerts/delivery.ts", "../link/outbox.ts", "lib/link/outbox.ts"],
  ["lib/checks/cpu.ts", "../alerts/delivery.ts", "lib/alerts/delivery.ts"],
  ["lib/checks/cpu.ts", "../diagnose/playbook.ts", "lib/diagnose/playbook.ts"],
  ["lib/diagnose/playbook.ts", "../sessions/dispatcher.ts", "lib/sessions/dispatcher.ts"],
  ["lib/host/runtime.ts", "../checks/cpu.ts", "lib/checks/cpu.ts"],
  ["lib/config/schema.ts", "../agent.ts", "lib/agent.ts"],
  ["lib/protocol/codec.ts", "../clock.ts", "lib/clock.ts"],
  ["lib/protocol/codec.ts", "../alerts/event.ts", "lib/alerts/event.ts"],
];

Deno.test("arrows: an import along the arrows passes", () => {
  for (const [file, specifier] of ALLOWED) {
    assert.deepEqual(
      complaints(file, `import { x } from "${specifier}"; x();`),
      [],
      `${file} → ${specifier}`,
    );
  }
});

Deno.test("arrows: an import against the arrows is reported once, naming both ends", () => {
  for (const [file, specifier, target] of REFUSED) {
    const part = file.split("/").length > 2 ? `${file.split("/").slice(0, 2).join("/")}/` : file;
    assert.deepEqual(complaints(file, `import { x } from "${specifier}"; x();`), [
      `house/arrows: ${part} may not import ${target}`,
    ]);
  }
});

Deno.test("arrows: every way to import is seen", () => {
  for (
    const source of [
      `import "../hub/server.ts";`,
      `import type { Hub } from "../hub/server.ts"; export type X = Hub;`,
      `export * from "../hub/server.ts";`,
      `export { startHub } from "../hub/server.ts";`,
      `export const hub = await import("../hub/server.ts");`,
      `export type X = import("../hub/server.ts").Hub;`,
    ]
  ) {
    assert.equal(complaints("lib/link/a.ts", source).length, 1, source);
  }
});

Deno.test("arrows: leaves import nothing of the house, and a file in no part is reported", () => {
  assert.deepEqual(complaints("lib/log.ts", `import "./clock.ts";`), [
    "house/arrows: lib/log.ts is a leaf: it imports nothing of the house",
  ]);
  assert.deepEqual(complaints("lib/stray.ts", `import "./clock.ts";`), [
    "house/arrows: lib/stray.ts belongs to no part of the house",
  ]);
});

Deno.test("arrows: a file is recognised by its absolute path, too", () => {
  const file = new URL("../../lib/host/runtime.ts", import.meta.url).pathname;
  assert.deepEqual(complaints(file, `import "../checks/cpu.ts";`), [
    "house/arrows: lib/host/ may not import lib/checks/cpu.ts",
  ]);
});

Deno.test("pure: clocks, chance, timers and I/O are reported", () => {
  for (
    const [source, what] of [
      [`import { readFileSync } from "node:fs"; readFileSync("x");`, "import node:fs"],
      [`export const now = Date.now();`, "use Date"],
      [`export const now = new Date();`, "use Date"],
      [`export const now = performance.now();`, "use performance"],
      [`export const roll = Math.random();`, "use Math.random"],
      [`export const id = crypto.randomUUID();`, "use crypto"],
      [`setTimeout(() => {}, 1);`, "use setTimeout"],
      [`export const name = Deno.hostname();`, "use Deno"],
      [`export const { hostname } = Deno;`, "use Deno"],
      [`export const o = { fetch };`, "use fetch"],
    ] as const
  ) {
    for (
      const file of [
        "lib/protocol/x.ts",
        "lib/link/backoff.ts",
        "lib/link/outbox.ts",
        "lib/alerts/ring_buffer.ts",
      ]
    ) {
      assert.deepEqual(complaints(file, source), [`house/pure: ${file} is pure: it may not ${what}`]);
    }
  }
});

Deno.test("pure: names of members are no use of a global, and other files may use them", () => {
  const source = `
    export interface Clock { setTimeout(): void; Date: number }
    export class Queue { fetch(): number { return this.performance; } performance = Math.max(1, 2); }
    export const use = (port: { fetch(): void; Deno: number }) => { port.fetch(); return { Date: port.Deno }; };`;
  assert.deepEqual(complaints("lib/link/outbox.ts", source), []);
  assert.deepEqual(
    complaints("lib/link/connection.ts", `export const now = Date.now() + Math.random();`),
    [],
  );
});

Deno.test("small-zod: what would bundle all of zod is refused, what would not is not", () => {
  const refused = [
    'import * as z from "zod"; z.string();',
    'import { z } from "zod/mini"; z.string();',
    'import * as zod from "zod/mini"; zod.core.clone;',
    'import * as z from "zod/v4"; z.string();',
    'import * as z from "npm:zod@4"; z.string();',
    'import en from "zod/v4/locales/en.js"; en();',
    'export * from "zod";',
    'await import("zod");',
    'import * as z from "zod/mini"; z.core.clone;',
    'import * as z from "zod/mini"; z.locales.en();',
  ];
  for (const source of refused) {
    assert.match(complaints("lib/config/x.ts", source).join(), /^house\/small-zod: /, source);
  }
  const allowed =
    'import * as z from "zod/mini"; export const x = (schema: z.core.$ZodType) => z.optional(schema);';
  assert.deepEqual(complaints("lib/config/x.ts", allowed), []);
  assert.deepEqual(complaints("tests/x_test.ts", 'import { z } from "zod"; z.string();'), []);
});
