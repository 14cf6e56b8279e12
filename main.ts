/** The executable: a table of its commands. Each command's module is imported only when it is asked for. */
import { type CommandTable, runExecutable } from "./lib/cli/executable.ts";

const commands: CommandTable = {
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
  demo: {
    summary: "Show a hub and an agent at work on this machine",
    load: () => import("./lib/cli/demo.ts"),
  },
  config: {
    summary: "Check the configuration, or print an example of one",
    load: () => import("./lib/cli/config.ts"),
  },
  version: {
    summary: "Print the version of pawl and of the runtime under it",
    load: () => import("./lib/cli/version.ts"),
  },
};

if (import.meta.main) Deno.exit(await runExecutable(commands, Deno.args));
