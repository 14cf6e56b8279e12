import assert from "node:assert/strict";
import { normalize } from "node:path";
import fc from "fast-check";
import { answersAtOnce, insidePath, kernelPath } from "../../lib/host/kernel_path.ts";

Deno.test("property: whatever the name, what is taken lies below its tree as it is written", () => {
  const part = fc.constantFrom(
    "..",
    ".",
    "",
    "proc",
    "sys",
    "1",
    "self",
    "net",
    "root",
    "fd",
    "..\0",
    "a b",
    "%2e%2e",
  );
  const path = fc.array(part, { maxLength: 7 }).map((parts) => `/${parts.join("/")}`);
  fc.assert(
    fc.property(fc.oneof(path, fc.string()), (written) => {
      let place;
      try {
        place = kernelPath(written);
      } catch (error) {
        assert(error instanceof RangeError);
        return;
      }
      const below = `/root/${place.tree}/${place.name}`;
      assert.equal(normalize(below), below);
      assert(!below.includes("\0"));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("the doors of a process are shut to readers, its files are open", () => {
  const doors = [
    "1/root",
    "1/cwd/x",
    "self/exe",
    "thread-self/root/etc",
    "12/task/13/fd/4",
    "12/map_files/a",
    "kcore",
  ];
  for (const name of doors) assert.throws(() => insidePath(`/proc/${name}`), RangeError, name);
  const open = [
    "1/fd",
    "1/fdinfo/3",
    "1/environ",
    "self/mountinfo",
    "1/root_of_nothing",
    "sys/kernel/exe",
    "12/task/13",
  ];
  for (const name of open) assert.equal(insidePath(`/proc/${name}`).name, name);
  assert.equal(insidePath("/sys/1/root").tree, "sys");
});

Deno.test("what the kernel has ready is read at once; tables, devices and a process's own memory are not", () => {
  const isReady = (path: string) => answersAtOnce(kernelPath(path));
  for (
    const name of ["stat", "meminfo", "pressure/io", "net/dev", "sys/fs/file-nr", "77/stat", "77/limits"]
  ) {
    assert(isReady(`/proc/${name}`), name);
  }
  for (const name of ["net/tcp", "mounts", "kmsg", "77/cmdline", "77/environ", "sys/vm/stat_refresh"]) {
    assert(!isReady(`/proc/${name}`), name);
  }
  assert(!isReady("/sys/class/net/eth0/operstate"));
});
