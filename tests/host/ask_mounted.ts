/** Run by a test in a process of its own: asks for what lies in the mounts named, and prints what came of it as JSON. */
import { openHost } from "../../lib/host/open_host.ts";
import { readProcesses } from "../../lib/host/process/process_table.ts";

const [procfs = "", sysfs = ""] = Deno.args;
const host = await openHost({ procfs, sysfs });
const asks: Record<string, () => unknown> = {
  hostname: () => host.hostname(),
  cpuTimes: () => host.cpuTimes(),
  memory: () => host.memory(),
  loadAverages: () => host.loadAverages(),
  uptime: () => host.uptimeSec(),
  pressure: () => host.text("/proc/pressure/cpu"),
  network: () => host.text("/proc/net/dev"),
  sockets: () => host.text("/proc/net/tcp"),
  mounts: () => host.text("/proc/self/mountinfo"),
  setting: () => host.text("/proc/sys/vm/swappiness"),
  interface: () => host.text("/sys/class/net/lo/operstate"),
  disks: () => host.list("/sys/block"),
  processes: () => readProcesses(host),
  environment: () => host.text("/proc/1/environ"),
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
