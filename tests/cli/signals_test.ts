import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { PawlProcess } from "./pawl_process.ts";

/** What every script has before it: `stop`, and a word on stdout when signals may come. */
function scriptWith(deadlineMs: number, body: string): string {
  const lib = (path: string) => JSON.stringify(new URL(`../../lib/${path}`, import.meta.url).href);
  return `
    import { stopOnSignal } from ${lib("cli/signals.ts")};
    import { setUpLogging } from ${lib("log.ts")};
    import { getLogger } from "@logtape/logtape";
    setUpLogging({ level: "debug", format: "json" });
    const stop = stopOnSignal({ logger: getLogger(["pawl", "run"]), deadlineMs: ${deadlineMs} });
    const stopped = new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
    setTimeout(() => Deno.stdout.writeSync(new TextEncoder().encode("ready\\n")));
    ${body}`;
}

async function start(folder: TempFolder, script: string): Promise<PawlProcess> {
  const process = PawlProcess.start([], { script: folder.write("script.ts", script) });
  await process.said("ready");
  return process;
}

const ONE_MINUTE_MS = 60_000;

Deno.test("where stopping takes longer than the deadline, the process ends with exit code 1 and says so", async () => {
  await using folder = new TempFolder();
  await using process = await start(folder, scriptWith(50, `setTimeout(() => {}, ${ONE_MINUTE_MS});`));
  process.kill("SIGTERM");
  const { code, signal } = await process.ended();
  assert.deepEqual([code, signal], [1, null]);
  assert.deepEqual(process.log().map(({ level, event }) => [level, event]), [
    ["info", "process.stopping"],
    ["error", "process.stop_overdue"],
  ]);
  assert.equal(process.log()[1]?.["deadlineMs"], 50);
});

Deno.test("once disposed of, nothing of it keeps the process alive, not even the deadline", async () => {
  await using folder = new TempFolder();
  const script = scriptWith(ONE_MINUTE_MS, "await stopped; stop[Symbol.dispose]();");
  await using process = await start(folder, script);
  process.kill("SIGINT");
  const { code, signal } = await process.ended();
  assert.deepEqual([code, signal], [0, null]);
  assert.deepEqual(process.log().map(({ event }) => event), ["process.stopping"]);
});

Deno.test("once disposed of, signals are the system's again", async () => {
  await using folder = new TempFolder();
  const script = scriptWith(ONE_MINUTE_MS, `stop[Symbol.dispose](); setTimeout(() => {}, ${ONE_MINUTE_MS});`);
  await using process = await start(folder, script);
  process.kill("SIGTERM");
  assert.equal((await process.ended()).signal, "SIGTERM");
  assert.equal(process.err, "");
});

Deno.test("SIGUSR1 does not stop, and does not count as the first of two signals", async () => {
  await using folder = new TempFolder();
  const script = scriptWith(ONE_MINUTE_MS, "await stopped; stop[Symbol.dispose]();");
  await using process = await start(folder, script);
  process.kill("SIGUSR1");
  await process.logged("process.signal_ignored");
  process.kill("SIGTERM");
  assert.equal((await process.ended()).code, 0);
});
