/** `/proc/net/softnet_stat`: how each processor keeps up with the packets that come in. */
import { wordsOf } from "../kernel_text.ts";

/** One processor, counted since boot. */
export interface SoftnetRow {
  readonly cpu: number;
  readonly processed: number;
  /** The backlog was full. */
  readonly dropped: number;
  /** The time for one round was up while there was more to do. */
  readonly timeSqueezed: number;
  /** Refused by the limit on a single flow; missing in old kernels. */
  readonly flowLimited?: number;
  /** Waiting right now; missing in old kernels. */
  readonly backlog?: number;
}

/** Never throws; a line that is no processor's is skipped. */
export function parseSoftnet(text: string): SoftnetRow[] {
  const rows: SoftnetRow[] = [];
  for (const line of text.split("\n")) {
    const words = wordsOf(line);
    if (words.length < 3 || !words.every((word) => /^[0-9a-f]{1,16}$/i.test(word))) continue;
    const counts = words.map((word) => parseInt(word, 16));
    const [processed = 0, dropped = 0, timeSqueezed = 0] = counts;
    const [flowLimited, backlog, cpu] = counts.slice(10, 13);
    rows.push({
      cpu: cpu ?? rows.length,
      processed,
      dropped,
      timeSqueezed,
      ...(flowLimited !== undefined && { flowLimited }),
      ...(backlog !== undefined && { backlog }),
    });
  }
  return rows;
}
