/** What the compiled agent costs over the bare runtime: size, start, memory. Reads /proc: Linux only. */
import { join } from "node:path";
import { FakeHub } from "../fakes/fake_hub.ts";
import { compile, compilePlain, findBaseRuntime } from "../executable/compiled.ts";
import { percentile, rounded } from "./statistics.ts";

const STARTS = 20;
const MIB = 1024 * 1024;

/** Every figure beside that of an empty program, made with the same base runtime and measured in turn with it. */
export async function executable(): Promise<Record<string, unknown>> {
  const base = await findBaseRuntime();
  if ("missing" in base) return { skipped: base.missing };
  const folder = await Deno.makeTempDir({ prefix: "pawl-bench-" });
  try {
    await using hub = await FakeHub.start({ capabilities: ["alert_ack", "heartbeat_ack"] });
    const config = join(folder, "pawl.toml");
    const state = join(folder, "state");
    await Deno.writeTextFile(config, `state_dir = "${state}"\n[server]\naddress = "${hub.address}"\n`);
    const [pawl, empty, socket] = ["pawl", "empty", "socket"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const made = await compile(["--config", config, "--output", pawl], base.env);
    if (made.code !== 0) throw new Error(made.err);
    await compilePlain("", empty, base);
    await compilePlain(
      'const ws = new WebSocket(Deno.args[0]); ws.onopen = () => ws.send(\'{"type":"register","id":"1"}\');',
      socket,
      base,
    );
    const [{ size }, { size: emptySize }] = await Promise.all([Deno.stat(pawl), Deno.stat(empty)]);
    const baseSize = base.path === undefined ? emptySize : (await Deno.stat(base.path)).size;
    return {
      runtime: base.version,
      starts: STARTS,
      overBaseMiB: rounded((size - baseSize) / MIB),
      ...await starts({ pawl, empty, config, hub }),
      ...await memory({ pawl, socket, config, hub }),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Programs {
  pawl: string;
  config: string;
  hub: FakeHub;
}

/** From spawning to `register` at the hub; for the empty program, from spawning to its end. */
async function starts({ pawl, empty, config, hub }: Programs & { empty: string }) {
  const emptyMs: number[] = [];
  const registeredMs: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const emptyStart = performance.now();
    await new Deno.Command(empty, { stdout: "null", stderr: "null" }).output();
    emptyMs.push(performance.now() - emptyStart);
    const startMs = performance.now();
    await using _agent = spawn(pawl, ["run", "--config", config]);
    await (await hub.nextConnection()).next("register");
    registeredMs.push(performance.now() - startMs);
  }
  const emptyMedian = percentile(emptyMs, 0.5);
  const median = percentile(registeredMs, 0.5);
  return {
    emptyStartMs: rounded(emptyMedian),
    registeredMs: rounded(median),
    allowedMs: rounded(1.5 * emptyMedian + 60),
  };
}

async function memory({ pawl, socket, config, hub }: Programs & { socket: string }) {
  await using agent = spawn(pawl, ["run", "--config", config]);
  await (await hub.nextConnection()).next("heartbeat");
  await using plain = spawn(socket, [`${hub.address}/`]);
  await (await hub.nextConnection()).next("register");
  await new Promise((resolve) => setTimeout(resolve, 10_000)); // until what the start has left behind is gone
  const [ours, theirs] = await Promise.all([rssMiB(agent.pid), rssMiB(plain.pid)]);
  return { rssMiB: ours, webSocketRssMiB: theirs, rssOverMiB: rounded(ours - theirs) };
}

function spawn(program: string, args: readonly string[]) {
  const child = new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" }).spawn();
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

async function rssMiB(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return rounded(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024);
}
