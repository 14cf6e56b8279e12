import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_REMOTE_TOOLS, type PolicySubject, ToolPolicy } from "../../lib/tools/policy.ts";

const TOOLS: PolicySubject[] = [
  { name: "disk_overview", family: "disk", reach: "host" },
  { name: "disk_io_latency", family: "disk", reach: "host" },
  { name: "log_tail", family: "files", reach: "files" },
  { name: "tcp_ping", family: "network", reach: "network" },
  { name: "redis_info", family: "redis", reach: "service" },
  { name: "dmesg_recent", family: "programs", reach: "program" },
];

const allowed = (policy: ToolPolicy) => TOOLS.filter((tool) => policy.allows(tool)).map(({ name }) => name);

Deno.test("unless the operator says so, no session reaches out or runs a program", () => {
  assert.deepEqual(allowed(new ToolPolicy()), ["disk_overview", "disk_io_latency", "log_tail", "redis_info"]);
  assert.deepEqual(allowed(new ToolPolicy(DEFAULT_REMOTE_TOOLS)), allowed(new ToolPolicy()));
});

Deno.test("names, globs, families and reaches allow; what is denied stays denied", () => {
  assert.deepEqual(allowed(new ToolPolicy(["disk_overview"])), ["disk_overview"]);
  assert.deepEqual(allowed(new ToolPolicy(["disk_*"])), ["disk_overview", "disk_io_latency"]);
  assert.deepEqual(allowed(new ToolPolicy(["family:disk", "tcp_ping"])), [
    "disk_overview",
    "disk_io_latency",
    "tcp_ping",
  ]);
  assert.deepEqual(allowed(new ToolPolicy(["!disk_io_*", "family:disk"])), ["disk_overview"]);
  assert.deepEqual(allowed(new ToolPolicy(["disk_overview", "!family:disk"])), []);
  assert.deepEqual(
    allowed(new ToolPolicy(["*", "!reach:program", "!reach:network"])),
    allowed(new ToolPolicy()),
  );
  assert.deepEqual(allowed(new ToolPolicy([])), []);
  assert.deepEqual(allowed(new ToolPolicy(["!log_tail"])), []);
});

Deno.test("a pattern that is none is refused, one that matches nothing can be told of", () => {
  for (
    const pattern of [
      "",
      "!",
      "Disk",
      "a b",
      "disk.*",
      "reach:hosts",
      "kind:x",
      "!!x",
      "family:",
      "a".repeat(65),
    ]
  ) {
    assert.throws(() => new ToolPolicy([pattern]), /cannot read the tool pattern/, pattern);
  }
  assert.deepEqual(new ToolPolicy(["disk_overvew", "disk_*", "!nothing"]).unmatched(TOOLS), [
    "disk_overvew",
    "!nothing",
  ]);
});

const pattern = fc.tuple(
  fc.constantFrom("", "!"),
  fc.oneof(
    fc.constantFrom("*", "family:disk", "reach:host", "reach:network", "family:*", "***", "*_*_*"),
    fc.constantFrom(...TOOLS.map(({ name }) => name)),
    fc.stringMatching(/^[a-z_*]{1,12}$/),
  ),
).map(([sign, text]) => sign + text);

Deno.test("narrowing never admits more, however often and with whatever", () => {
  fc.assert(fc.property(fc.array(pattern), fc.array(fc.array(pattern), { maxLength: 3 }), (first, later) => {
    let policy = new ToolPolicy(first);
    for (const patterns of later) {
      const before = new Set(allowed(policy));
      policy = policy.narrow(patterns);
      assert.ok(allowed(policy).every((name) => before.has(name)));
    }
  }));
});

Deno.test("a tool that any pattern denies is never admitted", () => {
  fc.assert(fc.property(fc.array(pattern), fc.constantFrom(...TOOLS), fc.nat(10), (patterns, tool, at) => {
    const denying = [...patterns.slice(0, at), `!${tool.name}`, ...patterns.slice(at)];
    assert.equal(new ToolPolicy(denying).allows(tool), false);
  }));
});

Deno.test("a pattern made of stars takes no time", () => {
  const policy = new ToolPolicy([`${"*a".repeat(30)}*b`]);
  const startMs = performance.now();
  policy.allows({ name: "a".repeat(64), family: "x", reach: "host" });
  assert.ok(performance.now() - startMs < 1000);
});
