/** `/proc/net/arp`: the neighbours of the local networks. */
import { wordsOf } from "../kernel_text.ts";

/** One neighbour. */
export interface Neighbour {
  readonly address: string;
  readonly mac: string;
  readonly device: string;
  /** `incomplete`: it was asked for, and did not answer. `permanent`: somebody set it. */
  readonly state: "complete" | "incomplete" | "permanent";
}

const COMPLETE = 0x2;
const PERMANENT = 0x4;

/** Never throws; a line that is no neighbour's is skipped. */
export function parseArp(text: string): Neighbour[] {
  const neighbours: Neighbour[] = [];
  for (const line of text.split("\n")) {
    const [address = "", type = "", flagsWord = "", mac = "", , device = ""] = wordsOf(line);
    if (!/^0x[0-9a-f]{1,8}$/i.test(type) || !/^0x[0-9a-f]{1,8}$/i.test(flagsWord) || device === "") continue;
    const flags = parseInt(flagsWord, 16);
    const state = flags & PERMANENT ? "permanent" : flags & COMPLETE ? "complete" : "incomplete";
    neighbours.push({ address, mac, device, state });
  }
  return neighbours;
}
