import assert from "node:assert/strict";
import { relieveMemory } from "../../lib/cli/memory_relief.ts";
import { until } from "../fakes/until.ts";
import { RecordingLogger } from "../link/recording_logger.ts";

Deno.test("what a burst has left behind is given back when it is over", async () => {
  const recording = new RecordingLogger();
  using _relief = relieveMemory({ logger: recording.logger, intervalMs: 20 });
  let burst: Uint8Array[] = Array.from({ length: 200 }, () => new Uint8Array(200_000));
  const held = Deno.memoryUsage().external;
  assert.ok(held > 40_000_000);
  burst = [];
  await until("it has been collected", () => Deno.memoryUsage().external < held - 35_000_000);
  assert.equal(burst.length, 0);
});
