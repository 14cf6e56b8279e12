import type { EventStatus } from "../../lib/alerts/event.ts";
import type { Check, Finding } from "../../lib/checks/check.ts";

/** What a scripted check does when it is asked: finds this status, throws this error, or does as it is told. */
export type Act = EventStatus | Error | ((signal: AbortSignal) => Promise<Finding[]>);

export function finding(status: EventStatus, plugin = "fake", target = "thing"): Finding {
  return {
    labels: { check: `${plugin}::level`, target },
    status,
    description: `level is ${status}`,
    attrs: { current_value: "1", threshold_desc: "none" },
    value: 1,
  };
}

/** A check that plays its acts one after the other; the last one stays. */
export class ScriptedCheck implements Check {
  gathers = 0;
  acts: Act[];

  constructor(acts: Act[], readonly plugin = "fake", readonly target = "thing") {
    this.acts = acts;
  }

  gather(signal: AbortSignal): Promise<Finding[]> {
    const act = this.acts[Math.min(this.gathers++, this.acts.length - 1)];
    // Thrown, not rejected: a check may be written either way.
    if (act === undefined || act instanceof Error) throw act ?? new Error("no act");
    if (typeof act === "function") return act(signal);
    return Promise.resolve([finding(act, this.plugin, this.target)]);
  }
}
