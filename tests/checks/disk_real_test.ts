import assert from "node:assert/strict";
import { DISK_CHECK } from "../../lib/checks/disk.ts";
import { optionsSchema } from "../../lib/checks/definition.ts";
import { systemClock } from "../../lib/clock.ts";
import { openHost } from "../../lib/host/open_host.ts";
import { RuntimeFacts } from "../../lib/host/runtime.ts";
import { SmallDisk } from "../fakes/small_disk.ts";
import { gather, makeCheck, MapMemory } from "./check_rig.ts";

const parsed = (settings: Record<string, unknown>) => optionsSchema(DISK_CHECK).parse(settings);

const refusal = await SmallDisk.refusal();
const why = refusal === undefined ? "" : ` (skipped: ${refusal})`;

Deno.test({
  name:
    `disk: a real file system that is filled is found by itself, as full as df says, and over when emptied${why}`,
  ignore: refusal !== undefined,
  async fn() {
    await using disk = await SmallDisk.mount(1024 ** 2);
    const check = makeCheck(DISK_CHECK, {}, { host: await openHost() });
    const space = async () =>
      (await gather(check)).find(({ labels }) =>
        labels.check === "disk::space_usage" && labels.target === disk.path
      );
    assert.equal((await space())?.status, "Ok");
    disk.fill();
    const full = await space();
    assert.equal(full?.status, "Critical");
    const { stdout } = await new Deno.Command("df", { args: ["--output=pcent", disk.path] }).output();
    const [, percent] = new TextDecoder().decode(stdout).split("\n");
    assert.equal(Math.ceil(full?.value ?? 0), Number.parseInt(percent ?? ""));
    disk.empty();
    assert.equal((await space())?.status, "Ok");
  },
});

Deno.test({
  name: `disk: a real file system that becomes read-only is told of until it can be written to again${why}`,
  ignore: refusal !== undefined,
  async fn() {
    await using disk = await SmallDisk.mount(1024 ** 2);
    const host = await openHost();
    const settings = { mount_points: [disk.path], writable: "Warning" };
    const [, byMount] = DISK_CHECK.make(
      { ...parsed(settings), write_probe: false },
      { host, clock: systemClock, memory: new MapMemory() },
    );
    const [, byWriting] = DISK_CHECK.make(
      { ...parsed(settings), write_probe: true },
      { host: new RuntimeFacts(), clock: systemClock, memory: new MapMemory() },
    );
    assert(byMount && byWriting);
    const statuses = async () => [(await gather(byMount))[0]?.status, (await gather(byWriting))[0]?.status];
    assert.deepEqual(await statuses(), ["Ok", "Ok"]);
    await disk.setReadOnly(true);
    assert.deepEqual(await statuses(), ["Warning", "Warning"]);
    await disk.setReadOnly(false);
    assert.deepEqual(await statuses(), ["Ok", "Ok"]);
    disk.fill();
    // A full one is none that cannot be written to for being read-only; that one cannot write is true all the same.
    assert.deepEqual(await statuses(), ["Ok", "Warning"]);
  },
});
