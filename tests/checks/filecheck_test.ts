import assert from "node:assert/strict";
import { FILECHECK_CHECK } from "../../lib/checks/filecheck.ts";
import type { Check } from "../../lib/checks/check.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { found, gather, makeCheck, MapMemory, refusals } from "./check_rig.ts";

/** What is told besides what is well. */
async function told(check: Check): Promise<string[]> {
  return (await gather(check)).filter(({ status }) => status !== "Ok").map((
    { status, labels, description },
  ) => `${status} ${labels.check} ${description}`);
}

Deno.test("a file that has to be there is missed, and one that must not be is told", async () => {
  await using folder = new TempFolder();
  const path = folder.at("a");
  const present = makeCheck(FILECHECK_CHECK, { paths: [path] });
  const absent = makeCheck(FILECHECK_CHECK, {
    paths: [folder.at("*")],
    existence: { expect: "absent", severity: "Warning" },
  });
  assert.deepEqual(await told(present), [`Critical filecheck::existence ${path} is not there`]);
  assert.deepEqual(await told(absent), []);
  Deno.symlinkSync(folder.at("nowhere"), path);
  assert.deepEqual(await told(present), [`Critical filecheck::existence ${path} is not there`]);
  Deno.removeSync(path);
  folder.write("a", "");
  assert.deepEqual(await told(present), []);
  assert.equal((await found(present, "filecheck::existence"))[0]?.status, "Ok");
  assert.deepEqual(await told(absent), [`Warning filecheck::existence ${folder.at("*")} is there`]);
});

Deno.test("a file whose content changes is told once, even if its times are set back, over a restart too", async () => {
  await using folder = new TempFolder();
  const memory = new MapMemory();
  const settings = { paths: [folder.at("*")], checksum: { enabled: true } };
  const path = folder.write("a", "one");
  const before = Deno.statSync(path);
  const check = makeCheck(FILECHECK_CHECK, settings, { memory });
  assert.deepEqual(await told(check), []);
  await new Promise((resolve) => setTimeout(resolve, 20)); // the grain of the kernel's times
  Deno.writeTextFileSync(path, "two");
  Deno.utimeSync(path, before.atime ?? 0, before.mtime ?? 0);
  const [finding] = await found(check, "filecheck::checksum");
  assert.equal(finding?.status, "Critical");
  assert.equal(finding.momentary, true);
  assert.match(
    finding.description,
    /has other content: SHA-256 3fc4ccfe745870e2\w+ instead of 7692c3ad3540bb80\w+$/,
  );
  assert.deepEqual(await told(check), []);
  Deno.writeTextFileSync(path, "three");
  folder.write("b", "");
  const anew = makeCheck(FILECHECK_CHECK, settings, { memory });
  assert.deepEqual((await told(anew)).map((line) => line.split(" ").slice(2, 5).join(" ")), [
    `${path} has other`,
    `${folder.at("b")} is new`,
  ]);
  Deno.removeSync(path);
  assert.deepEqual(await told(anew), [`Critical filecheck::checksum ${path} is gone`]);
  assert.deepEqual(await told(anew), []);
});

Deno.test("a quiet look writes nothing down, and one that is given up tells its changes the next time", async () => {
  await using folder = new TempFolder();
  const memory = new MapMemory();
  const path = folder.write("a", "one");
  const check = makeCheck(FILECHECK_CHECK, { paths: [path], checksum: { enabled: true } }, { memory });
  await gather(check);
  const { writes } = memory;
  await gather(check);
  assert.equal(memory.writes, writes);
  Deno.writeTextFileSync(path, "other");
  const given = new AbortController();
  const look = check.gather(given.signal);
  given.abort(new Error("enough"));
  await assert.rejects(look, { message: "enough" });
  assert.equal((await told(check)).length, 1);
});

Deno.test("a change of the time is told where that is asked for", async () => {
  await using folder = new TempFolder();
  const path = folder.write("a", "one");
  const check = makeCheck(FILECHECK_CHECK, { paths: [path], mtime: { mode: "changed" } });
  assert.deepEqual(await told(check), []);
  Deno.utimeSync(path, 1_700_000_000, 1_700_000_000);
  assert.deepEqual(await told(check), [
    `Warning filecheck::mtime ${path} was changed at 2023-11-14T22:13:20.000Z`,
  ]);
  assert.deepEqual(await told(check), []);
});

Deno.test("a file that is too old, too small or too large is told as long as it is", async () => {
  await using folder = new TempFolder();
  const path = folder.write("a", "12345");
  const settings = { paths: [path], mtime: { mode: "stale", max_age: "1h" }, size: { min: "2", max: "10" } };
  const check = makeCheck(FILECHECK_CHECK, settings);
  assert.deepEqual(await told(check), []);
  const old = Date.now() / 1000 - 7260;
  Deno.writeTextFileSync(path, "1");
  Deno.utimeSync(path, old, old);
  for (let look = 0; look < 2; look++) {
    assert.deepEqual(await told(check), [
      `Warning filecheck::mtime ${path} was changed 2h 1m ago > 1h`,
      `Warning filecheck::size ${path} holds 1 B < 2 B`,
    ]);
  }
  Deno.writeTextFileSync(path, "12345678901");
  assert.deepEqual(await told(check), [`Warning filecheck::size ${path} holds 11 B > 10 B`]);
});

Deno.test("a FIFO, a folder and a device are told without being opened, and hold up no other", async () => {
  await using folder = new TempFolder();
  assert.equal(new Deno.Command("mkfifo", { args: [folder.at("pipe")] }).outputSync().success, true);
  const good = folder.write("good", "x");
  const check = makeCheck(FILECHECK_CHECK, {
    paths: [folder.at("pipe"), folder.path, "/dev/zero", good],
    checksum: { enabled: true },
  });
  const lines = (await told(check)).join("\n");
  assert.match(lines, /pipe cannot be looked at: .* a FIFO/);
  assert.match(lines, /\/dev\/zero cannot be looked at: .* a device/);
  assert.match(lines, /a folder/);
  Deno.removeSync(folder.at("pipe"));
  folder.write("pipe", "now a file");
  assert.equal(
    (await found(check, "filecheck::access")).find(({ labels }) => labels.target === folder.at("pipe"))
      ?.status,
    "Ok",
  );
});

Deno.test("a pattern leaves out what is excluded, and says when it finds too much", async () => {
  await using folder = new TempFolder();
  for (const name of ["a.conf", "b.conf", "c.conf", "d.conf.bak"]) folder.write(name, "");
  const pattern = folder.at("*");
  const all = makeCheck(FILECHECK_CHECK, { paths: [pattern], exclude: [folder.at("*.bak")], max_files: 3 });
  assert.deepEqual(
    await told(all),
    [`Warning filecheck::access ${pattern} cannot be looked at: it finds more than 3 files; raise max_files, or narrow it`]
      .slice(1),
  );
  const few = makeCheck(FILECHECK_CHECK, { paths: [pattern], max_files: 2 });
  assert.match((await told(few)).join(), /more than 2 files/);
});

Deno.test("many changes at once are told as one", async () => {
  await using folder = new TempFolder();
  for (let index = 0; index < 150; index++) folder.write(`f${index}`, "x");
  const check = makeCheck(FILECHECK_CHECK, { paths: [folder.at("*")], checksum: { enabled: true } });
  await gather(check);
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (let index = 0; index < 150; index++) folder.write(`f${index}`, "y");
  const lines = await told(check);
  assert.equal(lines.length, 101);
  assert.match(lines.at(-1) ?? "", /50 more files/);
});

Deno.test("what is larger than the bound is not read", async () => {
  await using folder = new TempFolder();
  const path = folder.write("a", "one");
  const check = makeCheck(FILECHECK_CHECK, {
    paths: [path],
    checksum: { enabled: true },
    max_file_size: "1KiB",
  });
  await gather(check);
  Deno.truncateSync(path, 8 * 1024 ** 3); // sparse
  assert.deepEqual(await told(check), []);
});

Deno.test({
  name: "files that the sandbox does not let be read make the check unavailable",
  permissions: { read: ["/usr"] },
  async fn() {
    const check = makeCheck(FILECHECK_CHECK, { paths: ["/etc/passwd"] });
    await assert.rejects(
      gather(check),
      (error) => error instanceof FactUnavailableError && /--allow-read=\/etc\/passwd$/.test(error.message),
    );
  },
});

Deno.test("options that do not belong together are refused", () => {
  const paths = ["/etc/passwd"];
  assert.match(
    refusals(FILECHECK_CHECK, { paths, mtime: { mode: "changed", max_age: "1h" } }).join(),
    /max_age/,
  );
  assert.match(
    refusals(FILECHECK_CHECK, { paths, size: { min: "2MiB", max: "1MiB" } }).join(),
    /min above its max/,
  );
  assert.match(refusals(FILECHECK_CHECK, { paths: [] }).join(), /paths/);
  assert.deepEqual(refusals(FILECHECK_CHECK, { paths, mtime: { mode: "stale" } }), []);
});
