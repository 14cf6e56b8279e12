import assert from "node:assert/strict";
import fc from "fast-check";
import { parseNagiosOutput } from "../../lib/checks/nagios_output.ts";

Deno.test("line, long text and figures are taken apart", () => {
  assert.deepEqual(
    parseNagiosOutput(
      "DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968\nboot 68 MB\nhome 69357 MB | 'the home'=253MB;;\n/var=818MB;970;975;0;980\n",
    ),
    {
      line: "DISK OK - free space: / 3326 MB (56%);",
      longText: "boot 68 MB\nhome 69357 MB",
      figures: [
        { label: "/", value: "2643MB", warn: "5948", critical: "5958" },
        { label: "the home", value: "253MB", warn: "", critical: "" },
        { label: "/var", value: "818MB", warn: "970", critical: "975" },
      ],
    },
  );
  assert.deepEqual(parseNagiosOutput("PING OK|rta=0.1ms;10:20;@5:6;0 pl=U;1 'it''s'=-3%").figures, [
    { label: "rta", value: "0.1ms", warn: "10:20", critical: "@5:6" },
    { label: "it's", value: "-3%", warn: "", critical: "" },
  ]);
  assert.deepEqual(parseNagiosOutput(""), { line: "", longText: "", figures: [] });
});

Deno.test("property: any text is read", () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom("|", "=", ";", "'", "\n", "1", "U", " "),
      fc.string({ unit: "binary", maxLength: 3 }),
    ),
  });
  fc.assert(fc.property(text, (stdout) => {
    const { line, figures } = parseNagiosOutput(stdout);
    assert.doesNotMatch(line, /\p{Cc}/u);
    assert.ok(figures.length <= 50);
    for (const { label, value } of figures) assert.match(`${label} ${value}`, /^\P{Cc}+ [-+]?[\d.]/u);
  }));
});
