import assert from "node:assert/strict";
import { BUILT_IN_DIMENSIONS, builtInChecks } from "../../lib/checks/built_in.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { recordedHost } from "../host/recorded_host.ts";

Deno.test("the table of checks says what the code does", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/checks.md", import.meta.url));
  const rows = text.split("\n")
    .filter((line) => /^\| *`\w+` *\| *`\w+::/.test(line))
    .map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim().replaceAll("`", "")));
  assert.deepEqual(
    rows,
    BUILT_IN_DIMENSIONS.map(({ plugin, check, target, figure, unit, warnGe, criticalGe }) => [
      plugin,
      check,
      target,
      figure,
      unit,
      String(warnGe),
      String(criticalGe),
    ]),
  );
});

Deno.test("the default checks are those of the table, with its thresholds", async () => {
  const clock = new FakeClock();
  const checks = builtInChecks({ host: recordedHost(), clock });
  assert.deepEqual(checks.map((check) => check.plugin), BUILT_IN_DIMENSIONS.map(({ plugin }) => plugin));
  for (const [index, check] of checks.entries()) {
    const gathering = check.gather(new AbortController().signal);
    await clock.tick(200);
    const [finding] = await gathering;
    const { check: label, unit, warnGe, criticalGe } = BUILT_IN_DIMENSIONS[index] ?? assert.fail();
    assert.equal(finding?.labels.check, label);
    const suffix = unit && ` ${unit}`;
    assert.equal(
      finding.attrs.threshold_desc,
      `warning ≥ ${warnGe}${suffix}, critical ≥ ${criticalGe}${suffix}`,
    );
  }
});
