/** What kind of disk a block device is. */
import { FactUnavailableError, type HostFacts } from "./host_facts.ts";

/** Told apart because each answers in its own time. */
export type DiskKind = "hdd" | "ssd" | "nvme" | "unknown";

/** By its name, and by whether the system says that it turns. */
export async function diskKind(host: HostFacts, device: string): Promise<DiskKind> {
  if (device.startsWith("nvme")) return "nvme";
  try {
    // A name with a `/` (`cciss/c0d0`) has a `!` in its place there.
    const rotational = (await host.text(`/sys/block/${device.replaceAll("/", "!")}/queue/rotational`)).trim();
    return rotational === "1" ? "hdd" : rotational === "0" ? "ssd" : "unknown";
  } catch (error) {
    if (error instanceof FactUnavailableError || error instanceof Deno.errors.NotFound) return "unknown";
    throw error;
  }
}

/** Devices that stand on others, that are memory, or that nobody's data is on. */
const VIRTUAL = /^(?:loop|ram|zram|sr|scd|fd|dm-|md|nullb|zd)\d/;

/** How partitions are named where the system does not list whole disks. */
const PARTITION = /^(?:(?:sd|vd|xvd|hd)[a-z]+\d+|(?:nvme\d+n\d+|mmcblk\d+|nbd\d+)p\d+)$/;

/**
 * Whether it is a disk of its own.
 *
 * @param whole the names below `/sys/block`; undefined where they cannot be read.
 */
export function isWholeDisk(device: string, whole: ReadonlySet<string> | undefined): boolean {
  if (VIRTUAL.test(device)) return false;
  return whole === undefined ? !PARTITION.test(device) : whole.has(device.replaceAll("/", "!"));
}
