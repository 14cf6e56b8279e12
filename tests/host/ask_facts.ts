/** Run by a test in a process of its own: asks every fact, and prints what came of it as JSON. */
import { RuntimeFacts } from "../../lib/host/runtime.ts";

const host = new RuntimeFacts();
const asks: Record<string, () => unknown> = {
  hostname: () => host.hostname(),
  ip: () => host.ip(),
  cpuTimes: () => host.cpuTimes(),
  memory: () => host.memory(),
  loadAverages: () => host.loadAverages(),
  interfaces: () => host.interfaces(),
  uptime: () => host.uptimeSec(),
  pressure: () => host.text("/proc/pressure/cpu"),
  netDev: () => host.text("/proc/net/dev"),
  root: () => host.fileSystem("/"),
  tmp: () => host.fileSystem("/tmp"),
};
const answers: Record<string, string> = {};
for (const [name, ask] of Object.entries(asks)) {
  try {
    await ask();
    answers[name] = "ok";
  } catch (error) {
    answers[name] = String(error);
  }
}
await new Blob([JSON.stringify(answers)]).stream().pipeTo(Deno.stdout.writable);
