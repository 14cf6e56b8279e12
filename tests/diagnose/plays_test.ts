import assert from "node:assert/strict";
import { CHECKS } from "../../lib/checks/registry.ts";
import { type Evidence, EvidenceSet } from "../../lib/diagnose/evidence.ts";
import { ALL_PLAYS, playFor } from "../../lib/diagnose/plays/all_plays.ts";
import type { Question } from "../../lib/diagnose/plays/play.ts";
import { READ_TOOLS } from "../../lib/diagnose/readings/all_readings.ts";
import { allTools } from "../../lib/tools/all_tools.ts";
import { parseArguments } from "../../lib/tools/arguments.ts";

const TOOLS = allTools();

/** Figures that make every follow-up question be asked. */
const STANDS_OUT = new EvidenceSet(
  ["process.cpu", "process.memory", "process.write", "process.fds", "process.fds_used", "zombies.of_parent"]
    .map((name): Evidence => figure(name, { pid: 77 }))
    .concat(
      ["fs.used", "tcp.close_wait", "listen.queue"].map((name) => figure(name, { mount: "/", port: 80 })),
    ),
);

function figure(name: string, subject: Evidence["subject"]): Evidence {
  return { resource: "cpu", name, value: 100_000, unit: "times", text: "", tool: "", subject };
}

/** Targets of several kinds, for plays take those that mean something to them. */
const TARGETS = ["localhost", "/data", "db-9:5432", "https://shop.example/", "nginx.service", "example.com"];

function questions(): { plugin: string; question: Question }[] {
  return ALL_PLAYS.flatMap((play) =>
    TARGETS.flatMap((target) => {
      const wholeHost = target === "localhost";
      if (!wholeHost && !play.takesTarget?.(target)) return [];
      const subject = { target, wholeHost };
      return [...play.ask(subject), ...play.follow?.(STANDS_OUT, subject) ?? []]
        .map((question) => ({ plugin: play.plugins.join(), question }));
    })
  );
}

Deno.test("every question goes to a tool that exists", () => {
  const names = new Set(TOOLS.map(({ name }) => name));
  for (const { plugin, question } of questions()) {
    assert(names.has(question.tool), `${plugin}: ${question.tool}`);
  }
  for (const name of READ_TOOLS) assert(names.has(name), name);
});

Deno.test("every question has arguments that its tool takes, for a target of its kind", () => {
  // A target that is none of the tool's is refused by the tool; that refusal is an answer.
  const matching: Readonly<Record<string, RegExp>> = {
    http: /^https?:/,
    cert: /^\/|:\d+$/,
    dns: /\.com$/,
    ntp: /\.com$/,
    net: /:\d+$/,
    redis: /:\d+$/,
    systemd: /\.service$/,
    docker: /^\w[\w.-]+$/,
  };
  for (const { plugin, question: { tool, args = {} } } of questions()) {
    const target = Object.values(args).find((value) => typeof value === "string");
    if (target !== undefined && matching[plugin]?.test(target) === false) continue;
    const definition = TOOLS.find(({ name }) => name === tool);
    assert(definition);
    parseArguments(definition, args);
  }
});

Deno.test("no plugin is in two plays, and each kind of check has one or is told by itself", () => {
  const plugins = ALL_PLAYS.flatMap((play) => play.plugins);
  assert.equal(new Set(plugins).size, plugins.length);
  const without = CHECKS.map(({ plugin }) => plugin).filter((plugin) => playFor(plugin) === undefined);
  assert.deepEqual(without, ["exec"], "a program's words are all there is");
});
