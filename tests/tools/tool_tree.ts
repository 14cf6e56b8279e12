import { FixtureFacts, type RecordedFacts } from "../../lib/host/fixture.ts";
import type { HostFacts } from "../../lib/host/host_facts.ts";
import { ProcfsFacts } from "../../lib/host/procfs.ts";

/** The host as a small tree below `tests/fixtures/` shows it; what is no file is as `facts` say. */
export function toolTree(name: string, facts: RecordedFacts = {}): HostFacts {
  const folder = new URL(`../fixtures/${name}`, import.meta.url).pathname;
  return new ProcfsFacts({
    procfs: `${folder}/proc`,
    sysfs: `${folder}/sys`,
    fallback: new FixtureFacts(facts),
  });
}
