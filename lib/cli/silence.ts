/** `pawl silence`: keeps alerts of the agent on this host from being told for a while. */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { ConfigError } from "../config/config_error.ts";
import { parseDuration } from "../config/duration.ts";
import type { CliContext } from "./command.ts";
import { errorOf, type LocalAnswer, LocalClient } from "./local_client.ts";
import { type EndpointFlags, findEndpoint } from "./local_endpoint.ts";
import { ignoreProxyVariables } from "./proxy_variables.ts";
import { parseSilence, parseSilences, silencedText, silencesText } from "./silence_text.ts";

/** See `CommandFactory`. */
export function command(context: CliContext) {
  const silence = new Command("silence")
    .description(
      'Keep alerts quiet for a while: those whose labels all fit, such as check=disk::* target=/data ("*": any text)',
    )
    .argument("[matchers...]", "label=value")
    .option("--for <duration>", 'for how long, such as "2h" or "30m"', parseFor)
    .option("--reason <text>", "for those who wonder", "");
  const list = new Command("list")
    .description("Show the silences that run now")
    .option("--json", "as the agent tells them");
  const end = new Command("end")
    .description("End silences; what they kept quiet and is still open is told then")
    .argument("[ids...]", "as `pawl silence list` shows them")
    .option("--all", "every silence");

  // The command above takes flags that both know, wherever they stand: hence the globals.
  withEndpoint(silence).action(async (words, flags) => {
    const matchers = matchersOf(words);
    if (flags.for === undefined) {
      throw new ConfigError("--for is missing; say for how long, such as --for 2h");
    }
    const order = { matchers, for_sec: flags.for / 1000, reason: flags.reason };
    await asking(flags, async (client) => {
      const body = { contentType: "application/json", text: JSON.stringify(order) };
      const answer = await client.request("/v1/silences", body);
      if (answer.status !== 201) throw refused("silence", answer);
      context.out(silencedText(parseSilence(answer.text, client.address)));
    });
  });
  withEndpoint(list).action(async ({ json }, self) => {
    await asking(self.optsWithGlobals(), async (client) => {
      const answer = await client.request("/v1/silences");
      if (answer.status !== 200) throw refused("list the silences", answer);
      const silences = parseSilences(answer.text, client.address);
      context.out(json ? `${answer.text.trimEnd()}\n` : silencesText(silences, Date.now() / 1000));
    });
  });
  withEndpoint(end).action(async (ids, { all }, self) => {
    if ((ids.length === 0) === (all === undefined)) {
      throw new ConfigError("say which silences to end: their ids, or --all");
    }
    await asking(self.optsWithGlobals(), async (client) => {
      for (const id of all ? await runningIds(client) : ids) {
        const answer = await client.request(`/v1/silences/${encodeURIComponent(id)}`, undefined, "DELETE");
        if (answer.status === 404 && all) continue; // it has just run out
        if (answer.status !== 204) throw refused(`end ${id}`, answer);
        context.out(`ended ${id}\n`);
      }
    });
  });
  return silence.addCommand(list).addCommand(end);
}

function withEndpoint<Args extends unknown[], Options extends Record<string, unknown>>(
  command: Command<Args, Options>,
) {
  return command
    .option("--socket <path>", "the agent's unix socket (default: where `pawl run` would listen)")
    .option("--url <url>", "the agent's address, where it listens on TCP")
    .option("--token-file <file>", "a file that holds the agent's local token")
    .option("--config <file>", "the configuration (default: ./pawl.toml, else /etc/pawl/pawl.toml)")
    .option("--state-dir <folder>", "the agent's state folder");
}

async function asking(flags: EndpointFlags, work: (client: LocalClient) => Promise<void>): Promise<void> {
  const endpoint = await findEndpoint(flags, { env: Deno.env, cwd: Deno.cwd(), uid: Deno.uid() });
  ignoreProxyVariables();
  using client = new LocalClient(endpoint);
  await work(client);
}

async function runningIds(client: LocalClient): Promise<string[]> {
  const answer = await client.request("/v1/silences");
  if (answer.status !== 200) throw refused("list the silences", answer);
  return parseSilences(answer.text, client.address).map(({ id }) => id);
}

function refused(what: string, answer: LocalAnswer): Error {
  const isOlder = answer.status === 404 && /there is nothing at/.test(answer.text);
  return new Error(
    `cannot ${what}: ${
      isOlder ? "the agent is of a version that knows no silences; restart it" : errorOf(answer)
    }`,
  );
}

function matchersOf(words: readonly string[]): Record<string, string> {
  if (words.length === 0) {
    throw new ConfigError("say which alerts: label=value, such as check=disk::space_usage or target=/data");
  }
  const matchers: Record<string, string> = {};
  for (const word of words) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined || value === undefined) {
      throw new ConfigError(`${JSON.stringify(word)} names no label; write label=value`);
    }
    if (Object.hasOwn(matchers, name)) {
      throw new ConfigError(`the label ${name} is there twice; no alert could fit both`);
    }
    matchers[name] = value;
  }
  return matchers;
}

function parseFor(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined && durationMs >= 1000 && durationMs <= 366 * 86_400_000) return durationMs;
  throw new InvalidArgumentError('write a duration from 1s to 366d, such as "2h" or "30m"');
}
