/** What the agent costs as a process: how fast it is there, and what it takes while nothing happens. */
import { FakeHub } from "../fakes/fake_hub.ts";
import { until } from "../fakes/until.ts";
import { benchEvent } from "./burst.ts";
import { percentile, rounded } from "./statistics.ts";

const STARTS = 10;

/** An agent that runs. */
export interface AgentProcess extends AsyncDisposable {
  readonly pid: number;
}

/** Options of {@linkcode startAgent}. */
export interface StartAgentOptions {
  /** Of `pawl run`, besides the server and the state folder. @default none */
  flags?: readonly string[];
  /** Of the runtime. @default ["-P=agent"] */
  permissions?: readonly string[];
}

/** `pawl run`, from source. */
export function startAgent(
  address: string,
  stateDir: string,
  { flags = [], permissions = ["-P=agent"] }: StartAgentOptions = {},
): AgentProcess {
  const where = ["--server", address, "--state-dir", stateDir];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--config", "deno.json", ...permissions, "main.ts", "run", ...where, ...flags],
    cwd: new URL("../../", import.meta.url),
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

/** From spawning `deno run main.ts run` (its modules cached) to its `register` at the hub. */
export async function startUp(): Promise<Record<string, number>> {
  const stateDir = await Deno.makeTempDir();
  const timesMs: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    await using hub = await FakeHub.start();
    const startMs = performance.now();
    await using _agent = startAgent(hub.address, stateDir);
    await (await hub.nextConnection()).next("register");
    timesMs.push(performance.now() - startMs);
  }
  await Deno.remove(stateDir, { recursive: true });
  return {
    starts: STARTS,
    medianMs: rounded(percentile(timesMs, 0.5)),
    maxMs: rounded(percentile(timesMs, 1)),
  };
}

/** Memory and processor time of a registered agent with the default checks. Reads /proc: Linux only. */
export async function idle(seconds: number): Promise<Record<string, number>> {
  const stateDir = await Deno.makeTempDir();
  await using hub = await FakeHub.start({ capabilities: ["alert_ack", "heartbeat_ack"] });
  await using agent = startAgent(hub.address, stateDir);
  await (await hub.nextConnection()).next("heartbeat");
  const before = await cpuSeconds(agent.pid);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const used = await cpuSeconds(agent.pid) - before;
  const memory = await memoryOf(agent.pid);
  await Deno.remove(stateDir, { recursive: true });
  return { seconds, ...memory, cpuSeconds: rounded(used) };
}

/** Memory of an agent without a hub: with nothing waiting, and with 100,000 events waiting in its journal. */
export async function waitingMemory(): Promise<Record<string, number>> {
  const EVENTS = 100_000;
  const PER_REQUEST = 500;
  const stateDir = await Deno.makeTempDir();
  const socket = `${stateDir}/pawl.sock`;
  await using agent = startAgent("ws://127.0.0.1:9", stateDir);
  await until("it listens", () => Deno.stat(socket).then(() => true, () => false));
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  const post = async (from: number, to: number) => {
    const events = Array.from({ length: to - from }, (_, n) => benchEvent(from + n));
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(events), client };
    const response = await fetch("http://localhost/v1/events", init);
    const text = await response.text();
    if (response.status !== 202) throw new Error(`the intake answered ${response.status}: ${text}`);
  };
  await post(0, PER_REQUEST); // all code has run once
  const idle = await memoryOf(agent.pid);
  for (let n = PER_REQUEST; n < EVENTS; n += PER_REQUEST) await post(n, n + PER_REQUEST);
  const waiting = await settledMemoryOf(agent.pid);
  await Deno.remove(stateDir, { recursive: true });
  return {
    events: EVENTS,
    idleRssMiB: idle.rssMiB,
    waitingRssMiB: waiting.rssMiB,
    growthMiB: rounded(waiting.rssMiB - idle.rssMiB),
    anonGrowthMiB: rounded(waiting.rssAnonMiB - idle.rssAnonMiB),
  };
}

/** After a burst the agent has its garbage collected: waits until the figure stays. */
export async function settledMemoryOf(pid: number): ReturnType<typeof memoryOf> {
  for (let last = await memoryOf(pid);;) {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const now = await memoryOf(pid);
    if (Math.abs(now.rssMiB - last.rssMiB) < 1) return now;
    last = now;
  }
}

async function memoryOf(pid: number): Promise<{ rssMiB: number; rssAnonMiB: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const mebibytes = (name: string) =>
    rounded(Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024);
  return { rssMiB: mebibytes("VmRSS"), rssAnonMiB: mebibytes("RssAnon") };
}

/** Processor time that a process has had. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const CLOCK_TICKS_PER_SEC = 100;
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SEC;
}
