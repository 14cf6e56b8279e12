import assert from "node:assert/strict";
import { DISKIO_CHECK } from "../../lib/checks/diskio.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { treeHost } from "../host/fixture_tree.ts";
import { gather, makeCheck } from "./check_rig.ts";

/** A line of `/proc/diskstats`: so many reads and the time that they took together. */
const line = (device: string, reads: number, readMs: number) =>
  `8 0 ${device} ${reads} 0 0 ${readMs} 0 0 0 0 0 0 0\n`;

/** A host with these lines, one text for each gather; disks by whether they turn. */
function host(rotational: Record<string, string>, texts: readonly string[]): FixtureFacts {
  let reading = 0;
  const facts = new FixtureFacts({
    files: Object.fromEntries(
      Object.entries(rotational).map(([device, turns]) => [`/sys/block/${device}/queue/rotational`, turns]),
    ),
  });
  const text = facts.text.bind(facts);
  facts.text = (path) =>
    path === "/proc/diskstats"
      ? Promise.resolve(texts[Math.min(reading++, texts.length - 1)] ?? "")
      : text(path);
  return facts;
}

Deno.test("diskio: each kind of disk has thresholds of its own, and partitions and loops are left out", async () => {
  const devices = ["sda", "sdb", "nvme0n1"];
  const before = [...devices, "sda1", "loop0", "dm-0"].map((device) => line(device, 100, 1000)).join("");
  const after = [...devices, "sda1", "loop0", "dm-0"].map((device) => line(device, 200, 4000)).join("");
  const clock = new FakeClock();
  const rotational = { sda: "1\n", sdb: "0\n", nvme0n1: "0\n", loop0: "0\n", "dm-0": "0\n" };
  const check = makeCheck(DISKIO_CHECK, {}, { host: host(rotational, [before, after]), clock });
  const gathering = gather(check);
  await clock.tick(500);
  const findings = await gathering;
  assert.deepEqual(findings.map(({ labels, status, value }) => [labels.target, status, value]), [
    ["sda", "Ok", 30],
    ["sdb", "Warning", 30],
    ["nvme0n1", "Warning", 30],
  ]);
  assert.equal(findings[1]?.description, "time per request of sdb 30.0 ms ≥ 20 ms");
  assert.equal(findings[1]?.detail, "SSD, 100 requests, 0 under way");
  assert.equal(findings[1]?.labels.check, "diskio::io_latency");
  // Nothing was asked of the disks since: they are idle, and no alert stays.
  assert.deepEqual((await gather(check)).map(({ status, value }) => [status, value]), [
    ["Ok", 0],
    ["Ok", 0],
    ["Ok", 0],
  ]);
});

Deno.test("diskio: counters that started anew, and disks that came meanwhile, are compared from the next look on", async () => {
  const clock = new FakeClock();
  const texts = [
    line("sda", 1000, 9000),
    line("sda", 10, 5) + line("sdb", 5000, 5000),
    line("sda", 110, 105) + line("sdb", 5100, 5100),
  ];
  const check = makeCheck(DISKIO_CHECK, {}, { host: host({ sda: "0", sdb: "0" }, texts), clock });
  const first = gather(check);
  await clock.tick(500);
  assert.deepEqual(await first, []);
  assert.deepEqual((await gather(check)).map(({ value }) => value), [1, 1]);
});

Deno.test("diskio: without /sys, partitions go by their names and the kind is unknown", async () => {
  const text = (reads: number, ms: number) =>
    ["sda", "sda1", "nvme0n1", "nvme0n1p1", "vdb2", "mmcblk0"].map((device) => line(device, reads, ms)).join(
      "",
    );
  const clock = new FakeClock();
  const facts = host({}, [text(0, 0), text(100, 20_000)]);
  const check = makeCheck(DISKIO_CHECK, {}, { host: facts, clock });
  const gathering = gather(check);
  await clock.tick(500);
  assert.deepEqual((await gathering).map(({ labels, status }) => [labels.target, status]), [
    ["sda", "Warning"],
    ["nvme0n1", "Critical"],
    ["mmcblk0", "Warning"],
  ]);
});

Deno.test("diskio: the devices to watch can be named, also partitions", async () => {
  const clock = new FakeClock();
  const text = (reads: number) =>
    ["sda", "sda1", "sdb", "dm-0"].map((device) => line(device, reads, reads)).join("");
  const settings = { devices: ["sda*", "dm-*"], ignore_devices: ["sda"] };
  const check = makeCheck(DISKIO_CHECK, settings, { host: host({}, [text(0), text(50)]), clock });
  const gathering = gather(check);
  await clock.tick(500);
  assert.deepEqual((await gathering).map(({ labels }) => labels.target), ["sda1", "dm-0"]);
});

Deno.test("diskio: recorded machines are understood", async () => {
  for (const [tree, devices] of [["debian_6", ["vda"]], ["kernel_4_18", ["nvme0n1", "sda"]]] as const) {
    const clock = new FakeClock();
    let findings: { labels: { target: string }; status: string }[] | undefined;
    const done = gather(makeCheck(DISKIO_CHECK, {}, { host: treeHost(tree), clock })).then((all) =>
      findings = all
    );
    for (let turn = 0; turn < 200 && findings === undefined; turn++) await clock.tick(100);
    assert.deepEqual(
      (await done).map(({ labels, status }) => [labels.target, status]),
      devices.map((one) => [one, "Ok"]),
    );
  }
});
