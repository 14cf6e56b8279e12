/** `pawl doctor`: what this process can see of its host, what it cannot, and what would change that. */
import { Command } from "@commander-js/extra-typings";
import type { NeedState } from "../host/probe_need.ts";
import type { Need } from "../host/need.ts";
import type { CliContext } from "./command.ts";

/** Somebody who needs something. */
interface Needy {
  readonly kind: "check" | "tool";
  readonly name: string;
  readonly needs: readonly Need[];
}

/** What is known of it. */
interface Finding extends Omit<Needy, "needs"> {
  readonly missing: readonly NeedState[];
  readonly absent: readonly NeedState[];
}

/** See `CommandFactory`. */
export function command(context: CliContext) {
  return new Command("doctor")
    .description("Show what this process can see of its host, what is missing, and what would unlock it")
    .option("--json", "the same for programs")
    .option("--config <file>", "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .action(async ({ json, config: path }) => {
      const [
        { loadConfig },
        { openHost },
        { ProcfsFacts },
        { systemClock },
        { probeNeed, needName },
        { checkDefinition },
        tools,
        { toolServices },
      ] = await Promise.all([
        import("../config/load.ts"),
        import("../host/open_host.ts"),
        import("../host/procfs.ts"),
        import("../clock.ts"),
        import("../host/probe_need.ts"),
        import("../checks/registry.ts"),
        import("../tools/all_tools.ts"),
        import("../config/tool_services.ts"),
      ]);
      const config = await loadConfig({
        path,
        env: Deno.env,
        cwd: Deno.cwd(),
        stderrIsTerminal: Deno.stderr.isTerminal(),
      });
      const host = await openHost({ ...config.host, clock: systemClock });
      const needy: Needy[] = [
        ...config.checks.map(({ plugin, settings }): Needy => ({
          kind: "check",
          name: plugin,
          needs: checkDefinition(plugin).needs(settings),
        })),
        ...tools.allTools({ allowRun: config.remote.allowRun, ...toolServices(config.checks) }).map((
          { name, needs },
        ): Needy => ({
          kind: "tool",
          name,
          needs,
        })),
      ];
      const states = new Map<string, NeedState>();
      const unknown = [
        ...new Map(needy.flatMap(({ needs }) => needs).map((need) => [needName(need), need])).values(),
      ];
      for (const state of await Promise.all(unknown.map((need) => probeNeed(need, host)))) {
        states.set(state.name, state);
      }
      const findings = needy.map(({ kind, name, needs }): Finding => {
        const its = needs.flatMap((need) => {
          const state = states.get(needName(need));
          return state === undefined ? [] : [{ ...state, need }];
        });
        return {
          kind,
          name,
          missing: its.filter(({ state, need }) => state === "missing" && !("optional" in need)),
          absent: its.filter(({ state }) => state === "absent"),
        };
      });
      const source = host instanceof ProcfsFacts ? "the kernel's files" : "the runtime's own calls";
      if (json) {
        context.out(`${JSON.stringify(asJson(source, [...states.values()], findings), undefined, 2)}\n`);
      } else context.out(asText(source, [...states.values()], findings));
    });
}

function asJson(source: string, states: readonly NeedState[], findings: readonly Finding[]) {
  const brief = ({ name, reason }: NeedState) => ({ name, ...(reason !== undefined && { reason }) });
  return {
    source,
    seen: states.filter(({ state }) => state === "seen").map(({ name }) => name),
    absent: states.filter(({ state }) => state === "absent").map(brief),
    missing: states.filter(({ state }) => state === "missing").map(brief),
    checks: byKind(findings, "check"),
    tools: byKind(findings, "tool"),
  };
}

function byKind(findings: readonly Finding[], kind: Finding["kind"]) {
  return findings.filter((finding) => finding.kind === kind).map(({ name, missing, absent }) => ({
    name,
    missing: missing.map((state) => state.name),
    absent: absent.map((state) => state.name),
  }));
}

function asText(source: string, states: readonly NeedState[], findings: readonly Finding[]): string {
  const seen = states.filter(({ state }) => state === "seen");
  const lines = [
    `facts come from ${source}`,
    "",
    `seen: ${seen.map(({ name }) => name).join(", ") || "nothing"}`,
  ];
  const absent = states.filter(({ state }) => state === "absent");
  if (absent.length > 0) lines.push("", `not on this host: ${absent.map(({ name }) => name).join(", ")}`);
  // One remedy is told once, with all that it would unlock.
  const byRemedy = new Map<string, NeedState[]>();
  for (const state of states.filter(({ state }) => state === "missing")) {
    const remedy = state.reason?.split("; ").slice(1).join("; ") || state.reason || "";
    byRemedy.set(remedy, [...byRemedy.get(remedy) ?? [], state]);
  }
  if (byRemedy.size > 0) lines.push("", "missing:");
  for (const [remedy, its] of byRemedy) {
    const names = new Set(its.map(({ name }) => name));
    lines.push(`  ${[...names].join(", ")}`);
    lines.push(`    remedy: ${remedy}`);
    for (const kind of ["check", "tool"] as const) {
      const locked = findings.filter((finding) => finding.kind === kind)
        .filter(({ missing }) => missing.some(({ name }) => names.has(name))).map(({ name }) => name);
      if (locked.length > 0) lines.push(`    ${kind}s that lack it: ${[...new Set(locked)].join(", ")}`);
    }
  }
  for (const kind of ["check", "tool"] as const) {
    const all = findings.filter((finding) => finding.kind === kind);
    const whole = all.filter(({ missing }) => missing.length === 0);
    lines.push("", `${kind}s with all they need: ${whole.length} of ${all.length}`);
  }
  return `${lines.join("\n")}\n`;
}
