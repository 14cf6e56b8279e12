import assert from "node:assert/strict";
import { FakeHub } from "../fakes/fake_hub.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { type Outcome, pawl, PawlProcess } from "./pawl_process.ts";

/** A mistake. `$T` stands for the folder that {@linkcode prepare} filled. */
interface Refusal {
  what: string;
  /** After `run --state-dir $T/state`. */
  args: readonly string[];
  /** The one line on stderr, after `pawl: `. */
  line: string;
}

const HUB = ["--server", "127.0.0.1:4"]; // never dialled
const HOW_TO_WRITE = "write host[:port], or http, https, ws or wss://host[:port]";
const SEE_HELP = '; see "pawl run --help"';

const REFUSALS: readonly Refusal[] = [
  {
    what: "an empty address",
    args: ["--server", ""],
    line: `--server cannot be used: it is empty; ${HOW_TO_WRITE}`,
  },
  {
    what: "an address with a path",
    args: ["--server", "wss://hub/agents"],
    line: "--server cannot be used: it has a path (the part from / on); leave it out",
  },
  {
    what: "an address of an unknown scheme",
    args: ["--server", "ftp://hub"],
    line: `--server cannot be used: its scheme "ftp" is not known; ${HOW_TO_WRITE}`,
  },
  {
    what: "an address with a port out of range",
    args: ["--server", "hub:99999"],
    line: '--server cannot be used: its port "99999" is not a number from 1 to 65535',
  },
  {
    what: "an IPv6 address without brackets",
    args: ["--server", "::1"],
    line: '--server cannot be used: its host "::1" is not valid; ' +
      "write an IPv6 address in brackets, like [::1]:8080",
  },
  {
    what: "an address with a password",
    args: ["--server", "https://me:hunter2@hub"],
    line: "--server cannot be used: it has user info (the part before @); " +
      "leave it out and use server.token",
  },
  {
    what: "an address with a line break",
    args: ["--server", "hub\npawl: all is well"],
    line: "--server cannot be used: it contains white space or a control character; remove it",
  },
  {
    what: "a CA file that is missing",
    args: [...HUB, "--ca-file", "$T/gone"],
    line: "--ca-file: cannot read certificates from $T/gone: it does not exist; " +
      "name a PEM file that the agent can read",
  },
  {
    what: "a CA file that is no PEM",
    args: [...HUB, "--ca-file", "$T/text"],
    line: '--ca-file: $T/text holds no certificate; it must be PEM, with "-----BEGIN CERTIFICATE-----"',
  },
  {
    what: "a CA file that is damaged",
    args: [...HUB, "--ca-file", "$T/damaged.pem"],
    line: "--ca-file: certificate 1 of 1 in $T/damaged.pem is damaged; export it again",
  },
  {
    what: "a token file that is missing",
    args: [...HUB, "--token-file", "$T/gone"],
    line: "--token-file: cannot read the token from $T/gone: it does not exist; " +
      "name a file that the agent can read",
  },
  {
    what: "a token file that is a folder",
    args: [...HUB, "--token-file", "$T"],
    line: "--token-file: cannot read the token from $T: it is a folder; " +
      "name a file that the agent can read",
  },
  {
    what: "a token file that is empty",
    args: [...HUB, "--token-file", "$T/empty"],
    line: "--token-file: $T/empty: the token is empty; fill it in or leave it out",
  },
  {
    what: "a file where the state folder should be",
    args: [...HUB, "--state-dir", "$T/text"],
    line: "cannot use the state folder $T/text: a file of that name is in the way; " +
      "move that away or name another with --state-dir",
  },
  {
    what: "a state folder that cannot be made",
    args: [...HUB, "--state-dir", "/proc/pawl"],
    line:
      "cannot use the state folder /proc/pawl: the sandbox does not grant access to it; grant reading and " +
      'writing it ("pawl permissions" renders that; an executable is compiled for one folder) or name another with ' +
      "--state-dir",
  },
  {
    what: "an identity that is damaged",
    args: [...HUB, "--state-dir", "$T/damaged"],
    line: "cannot use the agent's identity in $T/damaged/agent_id: it is not a UUIDv4; " +
      "restore it from a backup, or delete it to get a new identity",
  },
  {
    what: "an unknown flag",
    args: [...HUB, "--tokn-file", "x"],
    line: `unknown option '--tokn-file' (Did you mean --token-file?)${SEE_HELP}`,
  },
  {
    what: "a flag without its value",
    args: ["--server"],
    line: `option '--server <address>' argument missing${SEE_HELP}`,
  },
  {
    what: "a flag without its value before another",
    args: ["--server", "--log-level", "debug"],
    line: `` +
      `option '--server <address>' argument '--log-level' is invalid: it looks like the next option, so that the value is missing${SEE_HELP}`,
  },
  {
    what: "an argument too many",
    args: [...HUB, "now"],
    line: `too many arguments. Expected 0 arguments but got 1: now${SEE_HELP}`,
  },
  {
    what: "an unknown log level",
    args: [...HUB, "--log-level", "loud"],
    line: "--log-level must be one of debug, info, warning, error",
  },
  {
    what: "an unknown log format",
    args: [...HUB, "--log-format", "xml"],
    line: "--log-format must be one of json, pretty",
  },
  {
    what: "a configuration that is missing",
    args: ["--config", "$T/gone.toml"],
    line: "cannot read the configuration $T/gone.toml: it does not exist; check the path and its mode",
  },
  {
    what: "a TOML syntax error",
    args: ["--config", "$T/syntax.toml"],
    line: "cannot load $T/syntax.toml:2:11: invalid value; mend the syntax",
  },
  {
    what: "an unknown key",
    args: ["--config", "$T/unknown.toml"],
    line: 'cannot load $T/unknown.toml:3: unknown key "adress" in [server]; did you mean "address"?',
  },
  {
    what: "an environment variable that is not set",
    args: ["--config", "$T/variable.toml"],
    line:
      "cannot load $T/variable.toml:2: server.token refers to the environment variable PAWL_TEST_TOKEN, which is not set; " +
      "set it, or write $${ for a plain ${",
  },
  {
    what: "a file that names no server",
    args: ["--config", "$T/no-server.toml"],
    line: "cannot run: no control server is named, not in $T/no-server.toml either; " +
      "set [server] address or use --server",
  },
];

function prepare(folder: TempFolder): void {
  folder.write("text", "hello\n");
  folder.write("empty", "");
  folder.write("damaged.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  Deno.mkdirSync(folder.at("damaged"), { mode: 0o700 });
  folder.write("damaged/agent_id", "no-uuid\n");
  folder.write("syntax.toml", "[server]\naddress = \n");
  folder.write("unknown.toml", '[server]\ntoken = "t0ken-0f-the-file"\nadress = "hub"\n');
  folder.write("variable.toml", '[server]\ntoken = "${PAWL_TEST_TOKEN}"\n');
  folder.write("no-server.toml", '[log]\nlevel = "info"\n');
}

function assertRefused({ code, out, err }: Outcome, line: string): void {
  assert.deepEqual({ code, out, err }, { code: 2, out: "", err: `pawl: ${line}\n` });
}

for (const { what, args, line } of REFUSALS) {
  Deno.test(`pawl run with ${what} is one line that says what to do, and exit code 2`, async () => {
    await using folder = new TempFolder();
    prepare(folder);
    const place = (text: string) => text.replaceAll("$T", folder.path);
    assertRefused(await pawl(["run", "--state-dir", place("$T/state"), ...args.map(place)]), place(line));
  });
}

Deno.test("a state folder that a running agent holds is refused, with that agent's pid", async () => {
  await using folder = new TempFolder();
  await using hub = await FakeHub.start();
  const args = ["run", "--server", hub.address, "--state-dir", folder.at("state")];
  await using first = PawlProcess.start(args);
  await first.logged("link.registered");
  const { code, out, err } = await pawl(args);
  assert.deepEqual([code, out], [2, ""]);
  const path = folder.at("state");
  const [, since = ""] = /since ([^)]+)\)/.exec(err) ?? [];
  assert.equal(
    err,
    `pawl: cannot use the state folder ${path}: another agent holds it (pid ${first.pid}, since ${since}); ` +
      "stop that one, or give this one its own --state-dir\n",
  );
  assert.ok(!Number.isNaN(Date.parse(since)));
  // The folder is free again however its holder ended.
  first.kill("SIGKILL");
  await first.ended();
  await using second = PawlProcess.start(args);
  await second.logged("link.registered");
});

Deno.test("at --log-level debug, and only there, the stack follows the line", async () => {
  await using folder = new TempFolder();
  const args = ["run", ...HUB, "--state-dir", folder.write("file", ""), "--log-level", "debug"];
  const { code, err } = await pawl(args);
  assert.equal(code, 2);
  assert.match(
    err,
    /^pawl: cannot use the state folder [^\n]*\nConfigError: [^\n]*\n {4}at [^\n]*state_dir\.ts/,
  );
});
