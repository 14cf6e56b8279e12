/** `/proc/net/dev`: what went through each network interface. */
import { countOf, wordsOf } from "../kernel_text.ts";

/** One direction of an interface, counted since it came up. What the line lacks is 0. */
export interface TrafficCounters {
  readonly bytes: number;
  readonly packets: number;
  /** Damaged, or not to be sent: a cable, a port, a driver. */
  readonly errors: number;
  /** Given up for want of room, or of anybody who wanted them. */
  readonly dropped: number;
}

/** The counters of one network interface. */
export interface InterfaceCounters {
  readonly rx: TrafficCounters;
  readonly tx: TrafficCounters;
}

/** By interface, in the file's order. Never throws; a line that is no interface's is skipped. */
export function parseNetDev(text: string): Map<string, InterfaceCounters> {
  const interfaces = new Map<string, InterfaceCounters>();
  for (const line of text.split("\n")) {
    // Old kernels leave no blank between the colon and the first figure.
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim();
    const counts = wordsOf(line.slice(colon + 1)).map(countOf);
    const rx = traffic(counts, 0);
    const tx = traffic(counts, 8);
    if (name !== "" && rx !== undefined && tx !== undefined) interfaces.set(name, { rx, tx });
  }
  return interfaces;
}

function traffic(counts: readonly (number | undefined)[], from: number): TrafficCounters | undefined {
  const [bytes, packets, errors, dropped] = counts.slice(from, from + 4);
  if (bytes === undefined || packets === undefined || errors === undefined || dropped === undefined) {
    return undefined;
  }
  return { bytes, packets, errors, dropped };
}
