/** The executable: a table of its commands. Each command's module is imported only when it is asked for. */
import { type CommandTable, runExecutable } from "./lib/cli/executable.ts";

/** Every command, in the order of the list. */
export const commands: CommandTable = {
  run: {
    summary: "Connect to a control server and stay connected",
    load: () => import("./lib/cli/run.ts"),
  },
  emit: {
    summary: "Hand events to the agent on this host",
    load: () => import("./lib/cli/emit.ts"),
  },
  status: {
    summary: "Tell how the agent on this host is doing",
    load: () => import("./lib/cli/status.ts"),
  },
  check: {
    summary: "Let the checks look once, and show what they find",
    load: () => import("./lib/cli/check.ts"),
  },
  inspect: {
    summary: "Look closely at one thing on this host, without an agent",
    load: () => import("./lib/cli/inspect.ts"),
  },
  diagnose: {
    summary: "Find out what is wrong with this host; list and show what was found before",
    load: () => import("./lib/cli/diagnose.ts"),
  },
  doctor: {
    summary: "Show what this process can see of its host, and what would unlock the rest",
    load: () => import("./lib/cli/doctor.ts"),
  },
  tools: {
    summary: "List the read-only tools of this host, or run one of them",
    load: () => import("./lib/cli/tools.ts"),
  },
  selftest: {
    summary: "Let every check and every tool look once, and show what each saw",
    load: () => import("./lib/cli/selftest.ts"),
  },
  silence: {
    summary: "Keep alerts of the agent on this host quiet for a while",
    load: () => import("./lib/cli/silence.ts"),
  },
  keygen: {
    summary: "Make a key that a hub signs sessions with",
    load: () => import("./lib/cli/keygen.ts"),
  },
  demo: {
    summary: "Show a hub and an agent at work on this machine",
    load: () => import("./lib/cli/demo.ts"),
  },
  config: {
    summary: "Check the configuration, print an example of one, or make one of another agent's",
    load: () => import("./lib/cli/config.ts"),
  },
  audit: {
    summary: "Show what remote sessions did on this host, and whether the record is whole",
    load: () => import("./lib/cli/audit.ts"),
  },
  permissions: {
    summary: "Print what the sandbox has to grant for a configuration",
    load: () => import("./lib/cli/permissions.ts"),
  },
  completions: {
    summary: "Print what makes a shell complete the words of pawl",
    load: async () => (await import("./lib/cli/completions.ts")).completionsOf(commands),
  },
  version: {
    summary: "Print the version of pawl and of the runtime under it",
    load: () => import("./lib/cli/version.ts"),
  },
};

if (import.meta.main) Deno.exit(await runExecutable(commands, Deno.args));
