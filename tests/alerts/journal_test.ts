import { Journal } from "../../lib/alerts/journal.ts";
import { testQueueContract } from "./queue_contract.ts";

const folder = Deno.makeTempDirSync({ prefix: "pawl-test-" });
let made = 0;
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

testQueueContract(
  "journal",
  (capacity) =>
    new Journal<number>({ path: `${folder}/${++made}.db`, keyOf: (item) => `${item}`, maxEvents: capacity }),
  { sequences: 20 },
);
