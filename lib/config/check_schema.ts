/** What a file may say about the checks. */
import { z } from "zod";
import { absolutePath, duration } from "./fields.ts";

function check(threshold: z.ZodNumber, warnGe: number, criticalGe: number) {
  return z.strictObject({
    // A timer cannot wait for more than 24 days, and one that fires all the time is a mistake.
    interval: duration("1s", "24h").prefault("30s"),
    warn_ge: threshold.default(warnGe),
    critical_ge: threshold.default(criticalGe),
  });
}

const percent = z.number().min(0).max(100);

/** Two of one kind would raise and end each other's alerts: both speak of the same target. */
const atMostOne = [
  (instances: readonly unknown[]) => instances.length <= 1,
  {
    message: "may stand there only once, for its target is the whole host; keep one",
    params: { quiet: true },
  },
] as const;

function watchedOnce(disks: readonly { mount_points: readonly string[] }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { mount_points }] of disks.entries()) {
    for (const mountPoint of mount_points) {
      if (seen.has(mountPoint)) {
        const message = `names ${mountPoint}, which is watched already; name each mount point once`;
        context.addIssue({ code: "custom", path: [index, "mount_points"], message, params: { quiet: true } });
      }
      seen.add(mountPoint);
    }
  }
}

const checks = {
  cpu: check(percent, 80, 90),
  mem: check(percent, 85, 90),
  load: check(z.number().min(0), 3, 5),
  disk: check(percent, 90, 99).extend({ mount_points: z.array(absolutePath).min(1).default(["/"]) }),
};

/** `[check]`. None at all means all of them; one that is there enables only what it names. */
export const checkSchema = z.strictObject({
  cpu: z.array(checks.cpu).refine(...atMostOne).default([]),
  mem: z.array(checks.mem).refine(...atMostOne).default([]),
  load: z.array(checks.load).refine(...atMostOne).default([]),
  disk: z.array(checks.disk).default([]).superRefine(watchedOnce),
}).prefault({ cpu: [{}], mem: [{}], load: [{}], disk: [{}] });
