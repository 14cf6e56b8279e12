/** What the agent costs as a process: how fast it is there, and what it takes while nothing happens. */
import { FakeHub } from "../fakes/fake_hub.ts";
import { percentile, rounded } from "./statistics.ts";

const STARTS = 10;

interface AgentProcess extends AsyncDisposable {
  readonly pid: number;
}

function startAgent(address: string, stateDir: string): AgentProcess {
  const args = ["run", "-q", "-P=agent", "main.ts", "run", "--server", address, "--state-dir", stateDir];
  const child = new Deno.Command(Deno.execPath(), {
    args,
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
  const status = await Deno.readTextFile(`/proc/${agent.pid}/status`);
  const mebibytes = (name: string) =>
    rounded(Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024);
  await Deno.remove(stateDir, { recursive: true });
  return { seconds, rssMiB: mebibytes("VmRSS"), rssAnonMiB: mebibytes("RssAnon"), cpuSeconds: rounded(used) };
}

async function cpuSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const CLOCK_TICKS_PER_SEC = 100;
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SEC;
}
