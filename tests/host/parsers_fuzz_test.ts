import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDiskstats } from "../../lib/host/diskstats.ts";
import { parseFileNr } from "../../lib/host/file_nr.ts";
import { expectedOf } from "../../lib/host/fstab.ts";
import { parseLoadavg } from "../../lib/host/loadavg.ts";
import { memoryFacts, parseMeminfo } from "../../lib/host/meminfo.ts";
import { parseMountinfo, parseMounts } from "../../lib/host/mounts.ts";
import { parsePressure } from "../../lib/host/pressure.ts";
import { parseProcStat } from "../../lib/host/proc_stat.ts";
import { parseProcessIo } from "../../lib/host/process/process_io.ts";
import { parseProcessLimits } from "../../lib/host/process/process_limits.ts";
import { parseProcessStat } from "../../lib/host/process/process_stat.ts";
import { parseProcessStatus } from "../../lib/host/process/process_status.ts";
import { parseUptime } from "../../lib/host/uptime.ts";
import { parseVmstat } from "../../lib/host/vmstat.ts";
import { recordedText } from "./fixture_tree.ts";

/** Each parser, and a recorded text that it understands. */
const PARSERS: Record<string, { parse: (text: string) => unknown; sample: string }> = {
  stat: { parse: parseProcStat, sample: recordedText("debian_6", "/proc/stat") },
  meminfo: { parse: parseMeminfo, sample: recordedText("debian_6", "/proc/meminfo") },
  memory: {
    parse: (text) => memoryFacts(parseMeminfo(text)),
    sample: recordedText("kernel_3_10", "/proc/meminfo"),
  },
  loadavg: { parse: parseLoadavg, sample: recordedText("debian_6", "/proc/loadavg") },
  vmstat: { parse: parseVmstat, sample: recordedText("debian_6", "/proc/vmstat") },
  pressure: { parse: parsePressure, sample: recordedText("debian_6", "/proc/pressure/memory") },
  diskstats: { parse: parseDiskstats, sample: recordedText("debian_6", "/proc/diskstats") },
  mounts: { parse: parseMounts, sample: recordedText("kernel_3_10", "/proc/mounts") },
  mountinfo: { parse: parseMountinfo, sample: recordedText("kernel_4_18", "/proc/self/mountinfo") },
  fstab: { parse: expectedOf, sample: recordedText("kernel_3_10", "/proc/mounts") },
  "file-nr": { parse: parseFileNr, sample: recordedText("debian_6", "/proc/sys/fs/file-nr") },
  uptime: { parse: parseUptime, sample: recordedText("debian_6", "/proc/uptime") },
  "<pid>/stat": { parse: parseProcessStat, sample: recordedText("kernel_3_10", "/proc/77/stat") },
  "<pid>/status": { parse: parseProcessStatus, sample: recordedText("debian_6", "/proc/1200/status") },
  "<pid>/limits": { parse: parseProcessLimits, sample: recordedText("debian_6", "/proc/1200/limits") },
  "<pid>/io": { parse: parseProcessIo, sample: recordedText("debian_6", "/proc/1200/io") },
};

/** Every number anywhere in what a parser gave. */
function* numbersIn(value: unknown): Generator<number> {
  if (typeof value === "number") yield value;
  else if (value instanceof Map) { for (const [key, item] of value) yield* numbersIn([key, item]); }
  else if (Array.isArray(value)) { for (const item of value) yield* numbersIn(item); }
  else if (typeof value === "object" && value !== null) yield* numbersIn(Object.values(value));
}

function assertSane(name: string, value: unknown): void {
  for (const number of numbersIn(value)) assert(Number.isFinite(number), `${name} gave ${number}`);
}

/** A text that was cut, repeated or had pieces replaced, as by a reader that came at the wrong time. */
function mutated(sample: string): fc.Arbitrary<string> {
  const place = fc.nat({ max: sample.length });
  const piece = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      "\0",
      "\n",
      "\t",
      " ",
      "-1",
      "NaN",
      "1e999",
      "99999999999999999999999",
      "0x10",
      ")",
      "(",
      ":",
      "=",
    ),
  );
  const edit = fc.tuple(place, fc.nat({ max: 30 }), piece);
  return fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) =>
    edits.reduce((text, [at, drop, insert]) => text.slice(0, at) + insert + text.slice(at + drop), sample)
  );
}

for (const [name, { parse, sample }] of Object.entries(PARSERS)) {
  Deno.test(`${name}: the recorded text is understood`, () => {
    const value = parse(sample);
    assert.notEqual(value, undefined);
    assert([...numbersIn(value)].length > 0 || JSON.stringify(value).length > 20);
    assertSane(name, value);
  });

  Deno.test(`property: ${name}: no text makes the parser throw or give what is no number`, () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary", maxLength: 400 })), (text) => {
      assertSane(name, parse(text));
    }));
    fc.assert(fc.property(mutated(sample), (text) => assertSane(name, parse(text))));
    fc.assert(
      fc.property(fc.nat({ max: sample.length }), (at) => assertSane(name, parse(sample.slice(0, at)))),
    );
  });
}
