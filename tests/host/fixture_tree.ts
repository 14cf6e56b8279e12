import { ProcfsFacts } from "../../lib/host/procfs.ts";
import { FixtureFacts, type RecordedFacts } from "../../lib/host/fixture.ts";

/** A recorded tree below `tests/fixtures/`. */
export type TreeName = "debian_6" | "kernel_3_10" | "kernel_4_18";

/** Where a recorded tree lies. */
export function treeFolder(name: TreeName): string {
  return new URL(`../fixtures/${name}`, import.meta.url).pathname;
}

/** The host as a recorded tree shows it; what is no file is as `facts` say. */
export function treeHost(name: TreeName, facts: RecordedFacts = {}): ProcfsFacts {
  const folder = treeFolder(name);
  return new ProcfsFacts({
    procfs: `${folder}/proc`,
    sysfs: `${folder}/sys`,
    fallback: new FixtureFacts(facts),
  });
}

/** One recorded file, named as the kernel names it. */
export function recordedText(name: TreeName, path: string): string {
  return Deno.readTextFileSync(treeFolder(name) + path);
}
