/** One look at how long the host has been up. */
import { durationText } from "../host/duration_text.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { Finding } from "./check.ts";
import { rateState } from "./rating.ts";
import { TARGET, type UptimeSettings } from "./uptime.ts";

/** Whether it was started lately. */
export async function look({ within, severity }: UptimeSettings, host: HostFacts): Promise<Finding[]> {
  const uptimeMs = 1000 * await host.uptimeSec();
  const ok = uptimeMs >= within;
  const current = durationText(uptimeMs);
  return [rateState({
    check: "uptime::reboot_detected",
    target: TARGET,
    ok,
    severity,
    description: `the host started ${current} ago${ok ? "" : `, less than ${durationText(within)}`}`,
    current,
    expected: `≥ ${durationText(within)}`,
  })];
}
