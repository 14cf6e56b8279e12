import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { pawl } from "./pawl_process.ts";

interface Doctor {
  source: string;
  seen: string[];
  missing: { name: string; reason: string }[];
  checks: { name: string; missing: string[] }[];
  tools: { name: string; missing: string[] }[];
}

async function doctor(...args: string[]): Promise<Doctor> {
  const { code, out, err } = await pawl(["doctor", "--json", ...args]);
  assert.deepEqual([code, err], [0, ""]);
  return JSON.parse(out);
}

/** The checks that have all they need. */
const able = ({ checks }: Doctor) =>
  checks.filter(({ missing }) => missing.length === 0).map(({ name }) => name);

Deno.test("in a sandbox doctor tells what is missing, whom that concerns, and what would unlock it", async () => {
  const found = await doctor();
  assert.equal(found.source, "the runtime's own calls");
  for (const name of ["cpu", "mem", "psi", "disk"]) assert.ok(able(found).includes(name), name);
  const stat = found.missing.find(({ name }) => name === "/proc/net/netstat");
  assert.match(stat?.reason ?? "", /set \[host\] procfs to a bind mount of \/proc/);
  assert.deepEqual(found.checks.find(({ name }) => name === "sockstat")?.missing, ["/proc/net/netstat"]);
  assert.ok(found.tools.find(({ name }) => name === "process_list")?.missing.includes("/proc"));
});

Deno.test("with a mount of the kernel's files the same sandbox sees them", async () => {
  await using folder = new TempFolder();
  const recorded = decodeURIComponent(new URL("../fixtures/debian_6", import.meta.url).pathname);
  const path = folder.write("pawl.toml", `[host]\nprocfs = "${recorded}/proc"\nsysfs = "${recorded}/sys"\n`);
  const found = await doctor("--config", path);
  assert.equal(found.source, "the kernel's files");
  assert.ok(able(found).includes("sockstat"));
  assert.ok(found.seen.includes("/proc/net/netstat"));
});

Deno.test("for people, one remedy is told once", async () => {
  const { code, out } = await pawl(["doctor"]);
  assert.equal(code, 0);
  assert.equal(out.match(/remedy: set \[host\] procfs/g)?.length, 1);
  assert.match(out, /checks that lack it: .*sockstat/);
});
