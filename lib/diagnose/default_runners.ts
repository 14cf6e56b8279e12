/** What does the work of sessions unless the embedder brings something else: checks, tools, and rules that conclude. */
import type { Check } from "../checks/check.ts";
import type { Clock } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { allTools, type AllToolsOptions } from "../tools/all_tools.ts";
import type { ToolPolicy } from "../tools/policy.ts";
import { ToolRegistry, type ToolRegistryOptions } from "../tools/registry.ts";
import type { Runners } from "./lazy_runners.ts";
import { Playbook } from "./playbook.ts";
import { DiagnosisRecords } from "./records.ts";
import { ToolChat } from "./tool_chat.ts";

/** Options of {@linkcode defaultRunners}. */
export interface DefaultRunnersOptions extends Pick<ToolRegistryOptions, "logRoots" | "secrets"> {
  host: HostFacts;
  clock: Clock;
  /** Makes the checks to run, fresh ones for each session. */
  makeChecks: () => readonly Check[];
  /** Which tools there are. */
  tools: AllToolsOptions;
  /** Which of them may be run. */
  policy: ToolPolicy;
  /** Where diagnoses are kept. @default nowhere */
  stateDir?: string | undefined;
  /** How long a whole diagnosis may take, in milliseconds. @default that of the playbook */
  totalDeadlineMs?: number;
}

/** Makes them; nothing runs yet. */
export function defaultRunners(options: DefaultRunnersOptions): Runners {
  const { host, clock, makeChecks, tools: toolOptions, policy, logRoots = [], secrets = [], stateDir } =
    options;
  const { totalDeadlineMs } = options;
  const { allowRun = [] } = toolOptions;
  const tools = new ToolRegistry({
    tools: allTools(toolOptions),
    host,
    clock,
    logRoots,
    allowRun,
    policy,
    secrets,
  });
  const seams = { host, clock, makeChecks, tools };
  const records = stateDir === undefined ? undefined : new DiagnosisRecords({ stateDir, clock });
  const diagnose = new Playbook({
    ...seams,
    ...(records && { records }),
    ...(totalDeadlineMs !== undefined && { totalDeadlineMs }),
  });
  return { diagnose, chat: new ToolChat(seams) };
}
