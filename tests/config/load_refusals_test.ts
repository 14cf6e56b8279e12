import assert from "node:assert/strict";
import { loadConfig } from "../../lib/config/load.ts";
import { refusal } from "./load_from.ts";
import { TempFolder } from "./temp_folder.ts";
import { TEST_CERTIFICATE } from "./test_certificate.ts";

/** Each: what it shows, the file, and the whole message. */
const refused: readonly (readonly [string, string, string | RegExp])[] = [
  [
    "a misspelt key, with the nearest one",
    '\n[server]\nadress = "h"\n',
    'cannot load pawl.toml:3: unknown key "adress" in [server]; did you mean "address"?',
  ],
  [
    "a misspelt table",
    "state_dir = '/x'\n[servr]\n",
    'cannot load pawl.toml:2: unknown table "servr" at the top of the file; did you mean "server"?',
  ],
  [
    "a misspelt key of a check, in the instance that has it",
    '[[check.disk]]\nmount_points = ["/"]\n[[check.disk]]\nwarn_gee = 5\n',
    'cannot load pawl.toml:4: unknown key "warn_gee" in [[check.disk]]; did you mean "warn_ge"?',
  ],
  [
    "an unknown check",
    "[[check.cpuu]]\n",
    'cannot load pawl.toml:1: unknown table "cpuu" in [check]; did you mean "cpu"?',
  ],
  [
    "a key that belongs elsewhere",
    '[log]\nlevel = "info"\naddress = "h"\n',
    'cannot load pawl.toml:3: unknown key "address" in [log]; it belongs in [server]',
  ],
  [
    "a key that several tables have",
    'interval = "5s"\n',
    'cannot load pawl.toml:1: unknown key "interval" at the top of the file; ' +
    "it belongs in a [[check.…]]",
  ],
  [
    "a key that is like no other, with the ones there are",
    "[remote]\nzzz = 1\n",
    'cannot load pawl.toml:2: unknown key "zzz" in [remote]; known here: max_sessions, chat_idle_timeout, sessions, users, max_turns, max_minutes, ' +
    "max_output, max_tool_runs, max_sessions_per_hour, max_tool_runs_per_hour, tools, log_roots, allow_run, trusted_keys",
  ],
  [
    "the first of several problems in the file's order",
    "[remote]\nmax_sessions = 'x'\n[log]\nlevle = 1\n",
    'cannot load pawl.toml:2: remote.max_sessions must be a finite number; it is "x"',
  ],
  [
    "the line where a value of several lines begins",
    "[[check.disk]]\nmount_points = [\n  '/',\n  5,\n]\n",
    "cannot load pawl.toml:2: check.disk.mount_points must be a string; it is the number 5",
  ],
  [
    "a wrong type",
    "[server]\naddress = 8080\n",
    "cannot load pawl.toml:2: server.address must be a string; it is the number 8080",
  ],
  ["a table for a value", "[server.address]\n", /:1: server\.address must be a string; it is a table$/],
  ["a value for a table", "log = 3\n", /:1: log must be a table; it is the number 3$/],
  ["a date", "state_dir = 2026-01-01\n", /:1: state_dir must be a string; it is a date$/],
  [
    "a number as a label",
    "[labels]\nrack = 7\n",
    "cannot load pawl.toml:2: labels.rack must be a string; it is the number 7; put it in quotes",
  ],
  [
    "a check in single brackets",
    "[check.cpu]\nwarn_ge = 5\n",
    "cannot load pawl.toml:1: check.cpu must be a list of tables; write [[check.cpu]]",
  ],
  [
    "an unknown level",
    '[log]\nlevel = "trace"\n',
    'cannot load pawl.toml:2: log.level must be one of debug, info, warning, error; it is "trace"',
  ],
  [
    "an interval without a unit",
    '[[check.cpu]]\ninterval = "30"\n',
    'cannot load pawl.toml:2: check.cpu.interval must be a duration such as "30s", "5m" or "1h30m"; it is "30"',
  ],
  [
    "an interval that would never rest",
    '[[check.cpu]]\ninterval = "0s"\n',
    'cannot load pawl.toml:2: check.cpu.interval must be from "1s" to "24h"; it is "0s"',
  ],
  [
    "more than all of it",
    "[[check.mem]]\ncritical_ge = 101\n",
    "cannot load pawl.toml:2: check.mem.critical_ge must be at most 100; it is the number 101",
  ],
  [
    "a threshold that is no number",
    "[[check.cpu]]\nwarn_ge = nan\n",
    /:2: check\.cpu\.warn_ge must be a finite/,
  ],
  [
    "a threshold below nothing",
    "[[check.cpu]]\nwarn_ge = -1\n",
    /:2: check\.cpu\.warn_ge must be at least 0;/,
  ],
  ["no session at all", "[remote]\nmax_sessions = 0\n", /:2: remote\.max_sessions must be at least 1;/],
  ["half a session", "[remote]\nmax_sessions = 1.5\n", /:2: remote\.max_sessions must be a whole number;/],
  ["a relative mount point", "[[check.disk]]\nmount_points = ['srv']\n", /:2: .*must be an absolute path/],
  [
    "no target",
    "[[check.net]]\ntargets = []\n",
    /:2: check\.net\.targets must not be empty/,
  ],
  [
    "a tool pattern that is none",
    '[remote]\ntools = ["cpu_*", "bad pattern?"]\n',
    /:2: remote\.tools cannot be used: cannot read the tool pattern "bad pattern\?": it has to be a tool's name/,
  ],
  ["an empty path", 'state_dir = ""\n', /:1: state_dir must not be empty; fill it in or leave it out$/],
  [
    "a malformed address",
    '[server]\naddress = "https://hub/agents"\n',
    "cannot load pawl.toml:2: server.address cannot be used: it has a path (the part from / on); leave it out",
  ],
  [
    "token beside token_file",
    '[server]\ntoken = "a"\ntoken_file = "b"\n',
    "cannot load pawl.toml:3: server.token_file cannot stand beside server.token; keep one of them",
  ],
  [
    "a variable that is not set",
    '[server]\ntoken = "${NO_SUCH}"\n',
    "cannot load pawl.toml:2: server.token refers to the environment variable NO_SUCH, which is not set; " +
    "set it, or write $${ for a plain ${",
  ],
  [
    "a reference without an end",
    '[labels]\na = "${B"\n',
    /:2: labels\.a has "\$\{" without a name and "\}" after it/,
  ],
  [
    "bad syntax, with line and column",
    '[server]\naddress = "hub\n',
    /^cannot load pawl\.toml:2:\d+: [^\n]+; mend the syntax$/,
  ],
  [
    "a key twice",
    "[log]\nlevel = 'info'\nlevel = 'info'\n",
    /^cannot load pawl\.toml:3:1: [^\n]+; mend the syntax$/,
  ],
  [
    "a key that would reach into the runtime",
    "[labels]\n__proto__ = 'x'\n",
    /:2:1: [^\n]+; mend the syntax$/,
  ],
];

for (const [what, toml, expected] of refused) {
  Deno.test(`one line tells of ${what}`, async () => {
    const message = await refusal(toml);
    if (typeof expected === "string") assert.equal(message, expected);
    else assert.match(message, expected);
    assert.doesNotMatch(message, /\n/);
  });
}

Deno.test("no error shows a secret", async () => {
  const messages = [
    await refusal('[server]\ntoken = ["hunter2"]\n'),
    await refusal('[server]\ntoken = "hunter2é"\n'),
    await refusal('[server]\ntoken = "${T}"\n', { env: { T: "hunter2\nX-Admin: 1" } }),
    await refusal('[server]\naddress = "https://me:hunter2@hub"\n'),
    await refusal('[log]\nlevel = "${T}"\n', { env: { T: "hunter2" } }),
    await refusal('server = "hunter2"\n'),
    await refusal('[server]\ntoken = "hunter2\n'),
  ];
  for (const message of messages) assert.doesNotMatch(message, /hunter2/);
});

Deno.test("a token that a header cannot carry is refused where it stands", async () => {
  assert.match(
    await refusal('[server]\ntoken = "abcé"\n'),
    /pawl\.toml:2: server\.token: the token's character 4 is a control or non-ASCII character/,
  );
  const options = { files: { "token.txt": "abc\ndef\n" } };
  assert.match(
    await refusal('[server]\ntoken_file = "token.txt"\n', options),
    /pawl\.toml:2: server\.token_file: token\.txt: the token's character 4 is a control/,
  );
  assert.match(await refusal('[server]\ntoken = " "\n'), /the token is empty/);
  assert.match(await refusal(`[server]\ntoken = "${"x".repeat(5000)}"\n`), /longer than 4096/);
});

Deno.test("a token file that is absent, empty, a folder, no text or endless is refused", async () => {
  const refuse = (file: string, files = {}) => refusal(`[server]\ntoken_file = "${file}"\n`, { files });
  assert.match(
    await refuse("gone"),
    /:2: server\.token_file: cannot read the token from gone: it does not exist/,
  );
  assert.match(await refuse("token", { token: " \n" }), /:2: server\.token_file: token: the token is empty/);
  assert.match(await refuse("."), /it is a folder/);
  assert.match(await refuse("/dev/zero"), /it is longer than/);
  assert.match(await refuse("pawl.toml/token"), /a part of its path is not a folder/);
});

Deno.test("a CA file that is absent, no PEM, a key or damaged is refused", async () => {
  const refuse = (files = {}) => refusal('[server]\nca_file = "ca.pem"\n', { files });
  assert.match(
    await refuse(),
    /:2: server\.ca_file: cannot read certificates from ca\.pem: it does not exist/,
  );
  assert.match(await refuse({ "ca.pem": "hello" }), /ca\.pem holds no certificate; it must be PEM/);
  const key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  assert.match(await refuse({ "ca.pem": key }), /ca\.pem holds no certificate/);
  const damaged = `${TEST_CERTIFICATE}${TEST_CERTIFICATE.replace(/\n.{40}/, "\n")}`;
  assert.match(await refuse({ "ca.pem": damaged }), /certificate 2 of 2 in ca\.pem is damaged/);
});

Deno.test({
  name: "a file that the sandbox hides is refused as such",
  permissions: { read: false },
  async fn() {
    const options = { env: new Map<string, string>(), cwd: "/nowhere", stderrIsTerminal: false };
    await assert.rejects(
      loadConfig({ ...options, flags: { tokenFile: "token" } }),
      /--token-file: cannot read the token from \/nowhere\/token: the sandbox does not grant access to it/,
    );
    await assert.rejects(
      loadConfig({ ...options, flags: { caFile: "ca.pem" } }),
      /--ca-file: cannot read certificates from \/nowhere\/ca\.pem: the sandbox does not grant access to it/,
    );
  },
});

Deno.test("a flag that is wrong is named itself", async () => {
  const refuse = (flags: object) => refusal("", { flags });
  assert.match(await refuse({ server: "hub/x" }), /^--server cannot be used: it has a path/);
  assert.match(
    await refuse({ logLevel: "loud" }),
    /^--log-level must be one of debug, info, warning, error$/,
  );
  assert.match(await refuse({ logFormat: "xml" }), /^--log-format must be one of json, pretty$/);
  assert.match(await refuse({ tokenFile: "" }), /^--token-file must not be empty$/);
  assert.match(await refuse({ caFile: "gone.pem" }), /^--ca-file: cannot read certificates from gone\.pem/);
});

Deno.test("a configuration that is absent, a folder or no text is refused, naming it", async () => {
  await using folder = new TempFolder();
  const load = (path: string) =>
    loadConfig({ path, env: new Map(), cwd: folder.path, stderrIsTerminal: false });
  await assert.rejects(
    load("gone.toml"),
    /^ConfigError: cannot read the configuration \/.*gone\.toml: it does not exist/,
  );
  await assert.rejects(load("."), /it is a folder/);
  Deno.writeFileSync(folder.at("bin.toml"), new Uint8Array([0x61, 0xff, 0xfe]));
  await assert.rejects(load("bin.toml"), /it is not UTF-8 text/);
});

Deno.test("a pawl.toml in the working folder that is a folder is an error, not passed over", async () => {
  await using folder = new TempFolder();
  Deno.mkdirSync(folder.at("pawl.toml"));
  await assert.rejects(
    loadConfig({ env: new Map(), cwd: folder.path, stderrIsTerminal: false }),
    /pawl\.toml: it is a folder/,
  );
});

Deno.test("a check of the whole host that stands there twice is refused", async () => {
  const message = await refusal("[[check.cpu]]\nwarn_ge = 1\n[[check.cpu]]\nwarn_ge = 2\n");
  assert.match(
    message,
    /:3: check\.cpu looks at cpu, which another \[\[check\.cpu\]\] does already; keep one/,
  );
});

Deno.test("a mount point that is watched twice is refused", async () => {
  const message = await refusal(
    '[[check.disk]]\nmount_points = ["/", "/var"]\n[[check.disk]]\nmount_points = ["/var"]\n',
  );
  assert.match(message, /:3: check\.disk looks at \/var, which another/);
});
