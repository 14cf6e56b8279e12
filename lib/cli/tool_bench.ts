/** Tools as who sits at the host has them: all of them, within what the configuration lets files and programs be used. */
import type { Config } from "../config/config.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { ToolRegistry } from "../tools/registry.ts";

/** What the commands around tools work with. */
export interface ToolBench {
  readonly config: Config;
  readonly host: HostFacts;
  readonly tools: ToolRegistry;
}

/** Reads the configuration and sets up the tools. @throws ConfigError for a configuration that is wrong. */
export async function openToolBench(path: string | undefined): Promise<ToolBench> {
  const [
    { loadConfig },
    { openHost },
    { systemClock },
    { allTools },
    { ToolRegistry },
    { ToolPolicy },
    { toolServices },
    { ignoreProxyVariables },
  ] = await Promise.all([
    import("../config/load.ts"),
    import("../host/open_host.ts"),
    import("../clock.ts"),
    import("../tools/all_tools.ts"),
    import("../tools/registry.ts"),
    import("../tools/policy.ts"),
    import("../config/tool_services.ts"),
    import("./proxy_variables.ts"),
  ]);
  const config = await loadConfig({
    path,
    env: Deno.env,
    cwd: Deno.cwd(),
    stderrIsTerminal: Deno.stderr.isTerminal(),
  });
  ignoreProxyVariables();
  const host = await openHost({ ...config.host, clock: systemClock });
  const { logRoots, allowRun } = config.remote;
  const tools = new ToolRegistry({
    tools: allTools({ allowRun, ...toolServices(config.checks) }),
    host,
    clock: systemClock,
    logRoots,
    allowRun,
    secrets: config.secrets,
    policy: ToolPolicy.all(), // what a hub may do is for [remote] tools to say; here the operator sits
  });
  return { config, host, tools };
}
