/**
 * What the checks cost: an agent with every check that can run here, each every ten seconds, beside one without any.
 * Reads /proc: Linux only.
 */
import type { AgentStatus, CheckStatus } from "../../lib/local/agent_status.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { noRedis, RealRedis } from "../fakes/real_redis.ts";
import { until } from "../fakes/until.ts";
import { TestAuthority } from "../host/probes/test_authority.ts";
import { cpuSeconds, settledMemoryOf, startAgent } from "./process.ts";
import { rounded } from "./statistics.ts";

const INTERVAL = 'interval = "10s"';

/** Both agents run at the same time, so that they meet the same machine; figures begin once each check has looked. */
export async function checksCost(seconds: number): Promise<Record<string, unknown>> {
  const folder = await Deno.makeTempDir({ prefix: "pawl-bench-" });
  await using authority = await TestAuthority.make();
  await using web = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response("ok"),
  );
  await using redis = noRedis ? undefined : await RealRedis.start();
  await using hub = await FakeHub.start({ capabilities: ["alert_ack", "heartbeat_ack"] });
  const write = async (name: string, text: string) => {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    return `${folder}/${name}`;
  };
  const log = await write("app.log", "all is well\n".repeat(1000));
  const certificate = await write("cert.pem", (await authority.issue()).pem);
  const tables = checkTables({ port: web.addr.port, redis: redis?.target, log, certificate });
  const config = (checks: string) => `[server]\naddress = "${hub.address}"\n${checks}`;
  const permissions = ["-A"];
  const start = (name: string, path: string) =>
    startAgent(hub.address, `${folder}/${name}`, { flags: ["--config", path], permissions });
  await using bare = start("bare", await write("bare.toml", config("[check]\n")));
  await using full = start("full", await write("full.toml", config(tables)));
  for (let count = 0; count < 2; count++) await (await hub.nextConnection()).next("heartbeat");
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: `${folder}/full/pawl.sock` } });
  await until("every check has looked twice", async () => {
    const looks = (await checksOf(client)).map(({ results }) => Object.values(results));
    return looks.every((counts) => counts.reduce((sum, count) => sum + count, 0) >= 2);
  }, 120_000);
  const before = [await cpuSeconds(bare.pid), await cpuSeconds(full.pid)] as const;
  const startMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const tookSec = (performance.now() - startMs) / 1000;
  const after = [await cpuSeconds(bare.pid), await cpuSeconds(full.pid)] as const;
  const [bareMemory, fullMemory] = [await settledMemoryOf(bare.pid), await settledMemoryOf(full.pid)];
  const percent = (at: 0 | 1) => rounded(100 * (after[at] - before[at]) / tookSec);
  const checks = await checksOf(client);
  const problems = checks.filter(({ result }) => result === "failed" || result === "unavailable");
  await Deno.remove(folder, { recursive: true });
  return {
    seconds: rounded(tookSec),
    checks: checks.length,
    notWorking: problems.map(({ plugin }) => plugin),
    cpuPercentOfOneCore: percent(1),
    bareCpuPercentOfOneCore: percent(0),
    rssMiB: fullMemory.rssMiB,
    bareRssMiB: bareMemory.rssMiB,
    rssDifferenceMiB: rounded(fullMemory.rssMiB - bareMemory.rssMiB),
    anonDifferenceMiB: rounded(fullMemory.rssAnonMiB - bareMemory.rssAnonMiB),
  };
}

/** What the agent says of its checks. */
async function checksOf(client: Deno.HttpClient): Promise<readonly CheckStatus[]> {
  const response = await fetch("http://localhost/v1/status", { client });
  const status: AgentStatus = await response.json();
  return status.checks;
}

interface Services {
  port: number;
  redis: string | undefined;
  log: string;
  certificate: string;
}

/** Those by default, and those that need to be told what to look at, each at something of this machine. */
function checkTables({ port, redis, log, certificate }: Services): string {
  const tables: [plugin: string, settings: string][] = [
    ...[
      "cpu",
      "mem",
      "psi",
      "disk",
      "diskio",
      "netif",
      "sockstat",
      "tcpstate",
      "conntrack",
      "neigh",
      "filefd",
    ]
      .map((plugin): [string, string] => [plugin, ""]),
    ...["procfd", "zombie", "uptime", "hostident"].map((plugin): [string, string] => [plugin, ""]),
    ["mount", 'mounts = [{ path = "/" }]'],
    ["procnum", 'match = { name = "deno" }'],
    ["sysctl", 'params = [{ key = "vm.swappiness", op = "ge", value = "0" }]'],
    ["dns", 'names = ["localhost"]'],
    ["net", `targets = ["tcp://127.0.0.1:${port}"]`],
    ["http", `urls = ["http://127.0.0.1:${port}/"]`],
    ["cert", `files = ["${certificate}"]`],
    ["filecheck", `paths = ["${log}"]`],
    ["logfile", `paths = ["${log}"]\ninclude = ["error"]`],
    ["exec", 'name = "nothing"\nprogram = "/bin/echo"\nargs = ["[]"]\ntime_limit = "5s"'],
    ...(redis === undefined ? [] : [["redis", `targets = ["${redis}"]`] as [string, string]]),
  ];
  return tables.map(([plugin, settings]) => `[[check.${plugin}]]\n${INTERVAL}\n${settings}\n`).join("\n");
}
