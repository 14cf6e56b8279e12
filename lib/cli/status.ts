/** `pawl status`: how the agent on this host is. */
import { Command } from "@commander-js/extra-typings";
import type { CliContext } from "./command.ts";
import { errorOf, LocalClient } from "./local_client.ts";
import { ignoreProxyVariables } from "./proxy_variables.ts";
import { findEndpoint } from "./local_endpoint.ts";

/** See `CommandFactory`. */
export function command(context: CliContext) {
  return new Command("status")
    .description("Show how the agent on this host is: exit code 0 if it is connected, else 1")
    .option("--json", "as the agent tells it")
    .option("--socket <path>", "the agent's unix socket (default: where `pawl run` would listen)")
    .option("--url <url>", "the agent's address, where it listens on TCP")
    .option("--token-file <file>", "a file that holds the agent's local token")
    .option("--config <file>", "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .option("--state-dir <folder>", "the agent's state folder")
    .action(async ({ json, ...flags }) => {
      const endpoint = await findEndpoint(flags, { env: Deno.env, cwd: Deno.cwd(), uid: Deno.uid() });
      ignoreProxyVariables();
      using client = new LocalClient(endpoint);
      const answer = await client.request("/v1/status");
      if (answer.status !== 200) throw new Error(`cannot get the status: ${errorOf(answer)}`);
      const { parseStatus, statusText } = await import("./status_text.ts");
      const status = parseStatus(answer.text, client.address);
      context.out(json ? `${answer.text.trimEnd()}\n` : statusText(status, Date.now() / 1000));
      if (status.connection.state !== "connected") context.exitCode = 1;
    });
}
