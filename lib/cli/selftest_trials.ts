/** What `pawl selftest` tries, and how each came out. */
import { configuredChecks } from "../checks/configured.ts";
import { lookOnce } from "../checks/one_look.ts";
import { CHECKS } from "../checks/registry.ts";
import { systemClock } from "../clock.ts";
import { checkEntries } from "../config/check_entries.ts";
import { checkSchema } from "../config/check_schema.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { ToolInfo } from "../tools/registry.ts";
import { ToolError } from "../tools/tool_error.ts";
import type { ToolBench } from "./tool_bench.ts";

/** How one trial came out. `needs input`: it cannot be tried without an argument or an option that nobody can guess. */
export interface TrialResult {
  readonly kind: "check" | "tool";
  readonly name: string;
  readonly state: "ok" | "unavailable" | "needs input" | "failed";
  /** What it saw, or why it did not. */
  readonly saw: string;
}

/** Something to try. */
export interface Trial extends Pick<TrialResult, "kind" | "name"> {
  run(): Promise<Pick<TrialResult, "state" | "saw">>;
}

/** So many are tried side by side. */
const AT_ONCE = 4;

/** Tries all, and gives the results in their order. Never throws. */
export async function runTrials(
  trials: readonly Trial[],
  onDone: (result: TrialResult) => void,
): Promise<TrialResult[]> {
  const results: TrialResult[] = [];
  const waiting = [...trials.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, { kind, name, run }] = next;
      const outcome = await run().catch((error) => ({ state: "failed" as const, saw: messageOf(error) }));
      results[index] = { kind, name, ...outcome };
      onDone(results[index]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

/** Every kind of check: as it is configured, else with its defaults. */
export function checkTrials({ config, host }: ToolBench): Trial[] {
  return CHECKS.map(({ plugin, byDefault }) => ({
    kind: "check",
    name: plugin,
    async run() {
      const configured = config.checks.filter((check) => check.plugin === plugin);
      const defaults = checkSchema().safeParse({ [plugin]: [{}] });
      const entries = configured.length > 0
        ? configured
        : defaults.success
        ? checkEntries(defaults.data)
        : undefined;
      if (entries === undefined) {
        return { state: "needs input", saw: `it has to be told what to look at, in [[check.${plugin}]]` };
      }
      const isWanted = configured.length > 0 || byDefault;
      let checks: ReturnType<typeof configuredChecks>;
      try {
        checks = configuredChecks(entries, { host, clock: systemClock });
      } catch (error) {
        if (isWanted) throw error;
        return { state: "needs input", saw: messageOf(error) };
      }
      const looks = await lookOnce(checks, { clock: systemClock }, new AbortController().signal);
      const failed = looks.find((look) => look.failed !== undefined);
      if (failed?.failed !== undefined) {
        // What nobody has asked for may well not run on this host.
        return { state: isWanted ? "failed" : "unavailable", saw: failed.failed };
      }
      const findings = looks.flatMap((look) => look.findings);
      const unavailable = looks.find((look) => look.unavailable !== undefined)?.unavailable;
      if (findings.length === 0 && unavailable !== undefined) {
        return { state: "unavailable", saw: unavailable };
      }
      return {
        state: "ok",
        saw: findings.map(({ description }) => description).join("; ") || "nothing to watch",
      };
    },
  }));
}

/** Every tool that this host offers. */
export async function toolTrials({ tools, host }: ToolBench): Promise<Trial[]> {
  const samples = await sampleArguments(host);
  return tools.list().map((tool) => ({
    kind: "tool",
    name: tool.name,
    async run() {
      const args = argumentsFor(tool, samples);
      if (typeof args === "string") return { state: "needs input", saw: `it needs ${args}` };
      try {
        const { text } = await tools.run(tool.name, args, new AbortController().signal);
        return {
          state: "ok",
          saw: text.split("\n", 2).map((line) => line.replaceAll(/\s+/g, " ").trim()).join(" · "),
        };
      } catch (error) {
        const unavailable = error instanceof ToolError && error.kind === "unavailable";
        return { state: unavailable ? "unavailable" : "failed", saw: messageOf(error) };
      }
    },
  }));
}

/** By the name of an argument, what surely exists here. */
async function sampleArguments(host: HostFacts): Promise<ReadonlyMap<string, string>> {
  // In a container that sees the host's processes, our own id is somebody else's or nobody's.
  const ours = await host.text(`/proc/${Deno.pid}/stat`).then(() => true, () => false);
  return new Map([
    ["pid", ours ? String(Deno.pid) : "1"],
    ["key", "kernel.osrelease"],
  ]);
}

/** The arguments to try a tool with, or the names of those that nobody can guess. */
function argumentsFor(tool: ToolInfo, samples: ReadonlyMap<string, string>): Record<string, string> | string {
  const required = tool.args.filter((arg) => arg.required).map(({ name }) => name);
  // A pattern of processes is matched by any text; one for files needs a file besides.
  const found = required.map((name) =>
    [name, samples.get(name) ?? (tool.name === "process_search" ? "pawl" : undefined)] as const
  );
  const missing = found.filter(([, value]) => value === undefined).map(([name]) => name);
  if (missing.length > 0) return missing.join(" and ");
  return Object.fromEntries(found.flatMap(([name, value]) => value === undefined ? [] : [[name, value]]));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
