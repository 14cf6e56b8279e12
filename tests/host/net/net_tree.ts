import { FixtureFacts, type RecordedFacts } from "../../../lib/host/fixture.ts";
import { ProcfsFacts } from "../../../lib/host/procfs.ts";

/** A tree of the network's files below `tests/fixtures/`. */
export type NetTree = "net_busy" | "net_2_6";

const folderOf = (name: NetTree) => new URL(`../../fixtures/${name}`, import.meta.url).pathname;

/** One file of it, by its path below `/proc/net`. */
export function netText(name: NetTree, file: string): string {
  return Deno.readTextFileSync(`${folderOf(name)}/proc/net/${file}`);
}

/** The host as the tree shows it; what is no file is as `facts` say. */
export function netHost(name: NetTree, facts: RecordedFacts = {}): ProcfsFacts {
  const folder = folderOf(name);
  return new ProcfsFacts({
    procfs: `${folder}/proc`,
    sysfs: `${folder}/sys`,
    fallback: new FixtureFacts(facts),
  });
}

/** The files of the tree as a record, to be changed by a test. */
export function netFiles(name: NetTree): Record<string, string> {
  const files: Record<string, string> = {};
  const walk = (path: string) => {
    for (const { name: entry, isDirectory } of Deno.readDirSync(folderOf(name) + path)) {
      if (isDirectory) walk(`${path}/${entry}`);
      else files[`${path}/${entry}`] = Deno.readTextFileSync(`${folderOf(name)}${path}/${entry}`);
    }
  };
  for (const { name: root } of Deno.readDirSync(folderOf(name))) walk(`/${root}`);
  return files;
}
