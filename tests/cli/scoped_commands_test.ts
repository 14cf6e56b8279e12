import assert from "node:assert/strict";
import { pawl, PawlProcess } from "./pawl_process.ts";
import { ScopedConfig } from "./scoped_config.ts";

/** What the runtime says where nobody has thought of a refusal, or asks whoever sits there. */
const RAW = /NotCapable|run again with|Deno requests|\n\s+at |Uncaught/;

async function flagsOf(config: ScopedConfig): Promise<string[]> {
  const { code, out, err } = await pawl(["permissions", "--config", config.path, "--format", "flags"]);
  assert.deepEqual([code, err], [0, ""]);
  return out.trim().split(" ");
}

Deno.test("with exactly the permissions that are rendered the agent does its work, and asks for no others", async () => {
  await using config = await ScopedConfig.start();
  const permissions = await flagsOf(config);
  const audit = config.folder.at("audit.jsonl");
  await using agent = PawlProcess.start(["run", "--config", config.path], {
    permissions,
    env: { DENO_AUDIT_PERMISSIONS: audit },
  });
  const connection = await config.hub.nextConnection();
  await connection.next("heartbeat");
  const alert = await connection.next("alert_events");
  assert.match(alert.payload.events[0]?.description ?? "", /app\.log/);
  agent.kill("SIGTERM");
  const { code, err } = await agent.ended();
  assert.equal(code, 0);
  assert.doesNotMatch(err, RAW);
  assert.deepEqual(agent.log().filter(({ level }) => level !== "info"), []);

  const allowed = new Map(
    permissions.filter((flag) => flag.startsWith("--allow-")).map((flag) => {
      const [kind = "", values = ""] = flag.slice("--allow-".length).split("=");
      return [kind, values.split(",")] as const;
    }),
  );
  const asked = Deno.readTextFileSync(audit).trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(asked.length > 20);
  const strange = asked.filter(({ permission, value }: { permission: string; value: string }) => {
    const granted = allowed.get(permission) ?? [];
    const place = permission === "net" ? value.replace(/^(?:ws|http):\/\/([^/]+)\/.*$/, "$1") : value;
    return !granted.some((one) => place === one || place.startsWith(`${one}/`));
  });
  assert.deepEqual(strange, []);
});

Deno.test("under the same permissions every command works, or says in one line what the sandbox lacks", async () => {
  await using config = await ScopedConfig.start();
  const permissions = await flagsOf(config);
  await using agent = PawlProcess.start(["run", "--config", config.path], { permissions });
  await agent.logged("link.registered");
  for (
    const [words, expected] of [
      [["status"], /^pawl .*\nconnected to /],
      [["check"], /logfile::match[^]*http::connectivity/],
      [["doctor"], /^facts come from the runtime's own calls\n/],
      [["tools"], /cpu_overview/],
      [["inspect", "mem"], /^# Inspection: mem /],
      [["diagnose", "list"], /mem/],
      [["permissions"], /ffi {4}never\n$/],
      [["config", "check"], /ok\n$/],
      [["silence", "list"], /silences/],
    ] as const
  ) {
    const { code, out, err } = await pawl([...words, "--config", config.path], { permissions });
    assert.deepEqual([words, code, RAW.exec(out + err)?.[0]], [words, 0, undefined], err);
    assert.match(out, expected);
  }
  for (
    const [words, expected] of [
      [["log_tail", "file=/etc/hosts"], /^pawl: cannot read \/etc\/hosts: it does not lie below /],
      [
        ["tcp_ping", "address=127.0.0.1:1"],
        /^pawl: cannot reach 127\.0\.0\.1:1: the sandbox does not allow it; grant /,
      ],
    ] as const
  ) {
    const { code, out, err } = await pawl(["tools", "run", ...words, "--config", config.path], {
      permissions,
    });
    assert.deepEqual([code, out, RAW.exec(err)?.[0]], [1, "", undefined], err);
    assert.match(err, expected);
    assert.equal(err.trimEnd().includes("\n"), false, "one line");
  }
});

Deno.test("each missing permission is one line with its remedy at the start, and the agent runs without it", async () => {
  await using config = await ScopedConfig.start();
  const port = config.web.addr.port;
  const permissions = (await flagsOf(config)).map((flag) => flag.replace(`,127.0.0.1:${port}`, ""))
    .map((flag) => flag.replace(/,all_proxy$/, ""));
  await using agent = PawlProcess.start(["run", "--config", config.path], { permissions });
  await agent.logged("link.registered");
  await agent.logged("sandbox.missing", 2);
  const lacks = agent.log().filter(({ event }) => event === "sandbox.missing");
  assert.deepEqual(lacks.map(({ level, lack }) => [level, lack]), [
    [
      "error",
      `check.http (the check http) needs --allow-net=127.0.0.1:${port}, which this process was not given; ` +
      'add it, or render all with "pawl permissions"',
    ],
    [
      "error",
      "to take it out: the runtime's HTTP obeys it, seen or unseen needs --allow-env=all_proxy, which this process " +
      'was not given; add it, or render all with "pawl permissions"',
    ],
  ]);
  assert.doesNotMatch(agent.err, RAW);
});

Deno.test("with --allow-all each permission that is broader than needed is a warning that names the excess", async () => {
  await using config = await ScopedConfig.start();
  await using agent = PawlProcess.start(["run", "--config", config.path], { permissions: ["--allow-all"] });
  await agent.logged("sandbox.broader", 7);
  const broader = agent.log().filter(({ event }) => event === "sandbox.broader");
  assert.deepEqual(
    broader.map(({ level, more }) => [level, String(more).split(" ", 1)[0]]),
    ["net", "read", "write", "env", "sys", "run", "ffi"].map((kind) => ["warning", `--allow-${kind}`]),
  );
  assert.match(String(broader[5]?.["more"]), /grants every program to be run; none is needed$/);
});

Deno.test("pawl permissions names file and line of the key that asks for each grant", async () => {
  await using config = await ScopedConfig.start();
  const { out } = await pawl(["permissions", "--config", config.path]);
  const line = (start: string) =>
    out.split("\n").find((each) => each.replaceAll(/ +/g, " ").startsWith(start));
  assert.ok(
    line(`net ${new URL(config.hub.address).host}`)?.endsWith(
      `${config.path}:3: server.address: the control server`,
    ),
  );
  assert.ok(
    line(`read ${config.log}`)?.endsWith(`${config.path}:13: check.logfile.paths: the check logfile`),
    out,
  );
  assert.ok(line(`write ${config.stateDir}`)?.endsWith(`${config.path}:1: state_dir: the state folder`));
  assert.ok(line("sys cpus")?.endsWith("every agent: the heartbeat's processor usage"));
  const asSet = JSON.parse(
    (await pawl(["permissions", "--config", config.path, "--format", "deno.json"])).out,
  );
  assert.deepEqual(Object.keys(asSet.permissions.pawl), ["net", "read", "write", "env", "sys"]);
  const older = await pawl([
    "permissions",
    "--config",
    config.path,
    "--format",
    "flags",
    "--runtime",
    "2.7.11",
  ]);
  assert.doesNotMatch(older.out, /unix:/);
});
