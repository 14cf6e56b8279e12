import assert from "node:assert/strict";
import { loadFrom, refusal } from "./load_from.ts";

const queue = async (line: string) => (await loadFrom(`[queue]\n${line}\n`)).queue;

Deno.test("the queue's bounds take their least and their most", async () => {
  assert.equal((await queue("max_events = 100")).maxEvents, 100);
  assert.equal((await queue("max_events = 10_000_000")).maxEvents, 10_000_000);
  assert.equal((await queue('max_bytes = "1MiB"')).maxBytes, 1024 ** 2);
  assert.equal((await queue('max_bytes = "16GiB"')).maxBytes, 16 * 1024 ** 3);
  assert.equal((await queue('max_age = "1m"')).maxAgeMs, 60_000);
  assert.equal((await queue('max_age = "365d"')).maxAgeMs, 365 * 86_400_000);
});

Deno.test("the queue's size may be plain bytes, as text or as a number", async () => {
  assert.equal((await queue('max_bytes = "2097152"')).maxBytes, 2_097_152);
  assert.equal((await queue("max_bytes = 2_097_152")).maxBytes, 2_097_152);
});

for (
  const [line, text] of [
    ["max_events = 99", "queue.max_events must be at least 100; it is the number 99"],
    ["max_events = 10_000_001", "queue.max_events must be at most 10000000; it is the number 10000001"],
    ["max_events = 1000.5", "queue.max_events must be a whole number; it is the number 1000.5"],
    [
      'max_bytes = "64MB"',
      'queue.max_bytes must be a size such as "512KiB", "64MiB" or "1GiB"; it is "64MB"',
    ],
    [
      "max_bytes = true",
      'queue.max_bytes must be a size such as "512KiB", "64MiB" or "1GiB"; it is true',
    ],
    ['max_bytes = "1023KiB"', 'queue.max_bytes must be from "1MiB" to "16GiB"; it is "1023KiB"'],
    ["max_bytes = 64", 'queue.max_bytes must be from "1MiB" to "16GiB"; it is the number 64'],
    ['max_bytes = "17GiB"', 'queue.max_bytes must be from "1MiB" to "16GiB"; it is "17GiB"'],
    ['max_age = "59s"', 'queue.max_age must be from "1m" to "365d"; it is "59s"'],
    ['max_age = "366d"', 'queue.max_age must be from "1m" to "365d"; it is "366d"'],
    ["max_age = 7", "queue.max_age must be a string; it is the number 7"],
    ['max_evnts = "7"', 'unknown key "max_evnts" in [queue]; did you mean "max_events"?'],
  ] as const
) {
  Deno.test(`the queue's ${line} is refused in one line`, async () => {
    assert.equal(await refusal(`[queue]\n${line}\n`), `cannot load pawl.toml:2: ${text}`);
  });
}

Deno.test("days are no way around the bounds of other durations", async () => {
  assert.equal(
    await refusal('[remote]\nchat_idle_timeout = "2d"\n'),
    'cannot load pawl.toml:2: remote.chat_idle_timeout must be from "1s" to "24h"; it is "2d"',
  );
  assert.equal((await loadFrom('[remote]\nchat_idle_timeout = "1d"\n')).remote.chatIdleTimeoutMs, 86_400_000);
});
