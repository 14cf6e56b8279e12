/**
 * The end-to-end figures as one JSON object on stdout: `deno task bench`. Words after it name the figures to take;
 * `--idle-seconds N` shortens the idle minute and that of the checks.
 */
import { alertLatency } from "./alert_latency.ts";
import { backlogCost } from "./backlog.ts";
import { burst } from "./burst.ts";
import { checksCost } from "./checks_cost.ts";
import { cuts } from "./cuts.ts";
import { executable } from "./executable.ts";
import { intake } from "./intake.ts";
import { idle, startUp, waitingMemory } from "./process.ts";
import { sessionDeltas } from "./session_deltas.ts";

const flag = Deno.args.indexOf("--idle-seconds");
const idleSeconds = flag < 0 ? 60 : Number(Deno.args[flag + 1]);
const wanted = Deno.args.filter((_, index) => index !== flag && (flag < 0 || index !== flag + 1));

const figures: Record<string, () => Promise<unknown>> = {
  alertLatency,
  burstThroughRing: () => burst({ alertBufferSize: 200_000 }),
  burstThroughJournal,
  sessionDeltas,
  cuts,
  intake,
  backlogCost,
  waitingMemory,
  startUp,
  executable,
  idle: () => idle(idleSeconds),
  checks: () => checksCost(idleSeconds),
};

async function burstThroughJournal(): Promise<unknown> {
  const stateDir = await Deno.makeTempDir();
  const figures = await burst({ stateDir, queue: { maxEvents: 200_000, maxBytes: 256 * 1024 * 1024 } });
  await Deno.remove(stateDir, { recursive: true });
  return figures;
}

const results: Record<string, unknown> = {
  machine: { processors: navigator.hardwareConcurrency, deno: Deno.version.deno },
};
for (const [name, take] of Object.entries(figures)) {
  if (wanted.length === 0 || wanted.includes(name)) results[name] = await take();
}
await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(results, null, 2)}\n`));
Deno.exit(0);
