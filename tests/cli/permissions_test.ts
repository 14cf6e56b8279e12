import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { pawl, REPOSITORY } from "./pawl_process.ts";

interface PermissionSet {
  [kind: string]: boolean | string[];
}

function permissionSets(): Record<string, PermissionSet> {
  return JSON.parse(Deno.readTextFileSync(new URL("deno.json", REPOSITORY))).permissions;
}

Deno.test("neither the agent nor the demo may run programs, load native code, or do everything", () => {
  const { agent, demo } = permissionSets();
  for (const set of [agent, demo]) {
    assert.ok(set !== undefined);
    assert.deepEqual(Object.keys(set).toSorted(), ["env", "net", "read", "sys", "write"]);
    assert.ok(Array.isArray(set["sys"]));
  }
  assert.deepEqual(demo?.["net"], ["127.0.0.1"]);
});

Deno.test("under the demo's permissions only this machine can be reached, and no program started", async () => {
  await using folder = new TempFolder();
  const script = folder.write(
    "try.ts",
    `const attempts = {
       connect: () => Deno.connect({ hostname: "192.0.2.1", port: 9 }),
       fetch: () => fetch("http://192.0.2.1/"),
       webSocket: () => new WebSocket("ws://192.0.2.1/"),
       listen: () => Deno.listen({ hostname: "0.0.0.0", port: 0 }),
       run: () => new Deno.Command("/bin/true").output(),
       write: () => Deno.writeTextFile("/etc/pawl-demo", ""),
       here: () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
     };
     const results = {};
     for (const [name, attempt] of Object.entries(attempts)) {
       try {
         await attempt();
         results[name] = "done";
       } catch (error) {
         results[name] = error.name;
       }
     }
     console.log(JSON.stringify(results));
     Deno.exit(0);`,
  );
  const { code, out, err } = await pawl([], { script, permissions: ["-P=demo"] });
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(JSON.parse(out), {
    connect: "NotCapable",
    fetch: "NotCapable",
    webSocket: "NotCapable",
    listen: "NotCapable",
    run: "NotCapable",
    write: "NotCapable",
    here: "done",
  });
});
