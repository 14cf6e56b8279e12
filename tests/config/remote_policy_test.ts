import assert from "node:assert/strict";
import { DEFAULT_REMOTE_SETTINGS } from "../../lib/sessions/remote_policy.ts";
import { loadFrom } from "./load_from.ts";

Deno.test("without a word in the file the policy is that of an agent without a configuration", async () => {
  const { remote, audit } = await loadFrom("");
  assert.deepEqual(remote.policy, DEFAULT_REMOTE_SETTINGS);
  assert.deepEqual(audit, { maxBytes: 8 * 1024 * 1024, maxFiles: 8 });
});

Deno.test("each word of the policy arrives", async () => {
  const { remote, audit } = await loadFrom(`
[remote]
sessions = ["inspect"]
users = ["ada", "ops-*"]
max_turns = 7
max_minutes = 2
max_output = "64KiB"
max_tool_runs = 9
max_sessions_per_hour = 11
max_tool_runs_per_hour = 13
[audit]
max_bytes = "1MiB"
max_files = 3
`);
  assert.deepEqual(remote.policy, {
    sessions: ["inspect"],
    users: ["ada", "ops-*"],
    maxTurns: 7,
    maxMs: 120_000,
    maxOutputBytes: 65_536,
    maxToolRuns: 9,
    maxSessionsPerHour: 11,
    maxToolRunsPerHour: 13,
  });
  assert.deepEqual(audit, { maxBytes: 1_048_576, maxFiles: 3 });
});

Deno.test("no type of session at all is a policy too", async () => {
  assert.deepEqual((await loadFrom("[remote]\nsessions = []\n")).remote.policy.sessions, []);
});

Deno.test("types that there are none of, and limits of nothing, are errors", async () => {
  for (const line of ['sessions = ["shell"]', "max_turns = 0", "max_minutes = 0", 'users = [""]']) {
    await assert.rejects(loadFrom(`[remote]\n${line}\n`), { name: "ConfigError" }, line);
  }
});
