import assert from "node:assert/strict";
import { FILEFD_CHECK } from "../../lib/checks/filefd.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { treeHost } from "../host/fixture_tree.ts";
import { gather, makeCheck } from "./check_rig.ts";

const host = (text: string) => new FixtureFacts({ files: { "/proc/sys/fs/file-nr": text } });

Deno.test("filefd: what is allocated and not free is open", async () => {
  const [finding] = await gather(makeCheck(FILEFD_CHECK, {}, { host: host("950\t50\t1000\n") }));
  assert.equal(finding?.status, "Critical");
  assert.equal(finding?.description, "open files of the system 90.0 % ≥ 90 %");
  assert.equal(finding?.detail, "900 of 1000 open");
});

Deno.test("filefd: a limit that nobody can reach is a small percentage, not an error", async () => {
  const [finding] = await gather(makeCheck(FILEFD_CHECK, {}, { host: host("5000 0 9223372036854775807\n") }));
  assert.equal(finding?.attrs.current_value, "0.0 %");
  const [old] = await gather(makeCheck(FILEFD_CHECK, {}, { host: treeHost("kernel_3_10") }));
  assert.equal(old?.detail, "2208 of 381234 open");
});

Deno.test("filefd: a text that no kernel writes is a failure", async () => {
  for (const text of ["", "1 2", "1 0 0\n", "x y z\n"]) {
    await assert.rejects(gather(makeCheck(FILEFD_CHECK, {}, { host: host(text) })), /cannot rate open files/);
  }
});
