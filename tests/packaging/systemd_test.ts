import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { agentProduct } from "../../tools/compile.ts";

const ROOT = new URL("../../", import.meta.url);
const unit = await Deno.readTextFile(new URL("packaging/systemd/pawl.service", ROOT));

const analyze = whyNot("systemd-analyze", "--version");
const strace = analyze ?? whyNot("strace", "-f", "-o", "/dev/null", "true");

/** Why a program does not serve here. */
function whyNot(program: string, ...args: string[]): string | undefined {
  try {
    const { success } = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" })
      .outputSync();
    return success ? undefined : `${program} does not work here`;
  } catch {
    return `${program} is not installed`;
  }
}

function skipped(why: string | undefined): string {
  return why === undefined ? "" : ` (skipped: ${why})`;
}

async function run(program: string, ...args: string[]) {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    env: { NO_COLOR: "1", SYSTEMD_COLORS: "0", SYSTEMD_EMOJI: "0" },
  }).output();
  const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { success, out, err };
}

/** The values of a setting, in order. */
function values(setting: string, text = unit): string[] {
  return [...text.matchAll(new RegExp(`^${setting}=(.*)$`, "gm"))].map(([, value = ""]) => value);
}

Deno.test({
  name: `the unit is one that systemd takes without a complaint${skipped(analyze)}`,
  ignore: analyze !== undefined,
  async fn() {
    await using folder = new TempFolder();
    const verify = async (text: string) => {
      // The executable need not be installed for its unit to be right.
      const path = folder.write("pawl.service", text.replaceAll("/usr/bin/pawl", "/bin/true"));
      return await run("systemd-analyze", "verify", path);
    };
    const { success, err } = await verify(unit);
    assert.deepEqual([success, ours(err)], [true, ""]);
    const broken = await verify(unit.replace("ProtectSystem=strict", "ProtectSistem=strict"));
    assert.match(ours(broken.err), /ProtectSistem/);
  },
});

/** Other units of the machine may have their own faults. */
function ours(err: string): string {
  return err.split("\n").filter((line) => line.includes("pawl.service")).join("\n");
}

Deno.test({
  name: `systemd's own judgement of the unit's exposure is under 2 of 10${skipped(analyze)}`,
  ignore: analyze !== undefined,
  async fn() {
    const path = new URL("packaging/systemd/pawl.service", ROOT).pathname;
    const { out, err } = await run("systemd-analyze", "--offline=true", "--no-pager", "security", path);
    const [line = "", score] = /Overall exposure level for pawl\.service: (\d+\.\d+)/.exec(out) ?? [];
    assert.ok(score !== undefined, out + err);
    Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
    assert.ok(Number(score) < 2, line);
  },
});

Deno.test("the unit gives the agent a user of its own, the host's files read-only, and no proxy", () => {
  assert.deepEqual(values("DynamicUser"), ["yes"]);
  assert.deepEqual(values("StateDirectory"), ["pawl"]);
  assert.deepEqual(values("BindReadOnlyPaths"), ["/proc:/host/proc /sys:/host/sys"]);
  assert.deepEqual(values("CapabilityBoundingSet"), [""]);
  assert.deepEqual(values("LimitCORE"), ["0"]);
  const cleared = values("UnsetEnvironment").flatMap((names) => names.split(" "));
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]) {
    assert.ok(cleared.includes(name) && cleared.includes(name.toLowerCase()), name);
  }
  assert.equal(unit.includes("\nMemoryDenyWriteExecute"), false, "the runtime compiles while it runs");
  assert.deepEqual(values("WatchdogSec"), [], "nobody would feed it");
});

Deno.test("the configuration beside the unit is valid, and its token is the unit's credential", async () => {
  const text = await Deno.readTextFile(new URL("packaging/systemd/pawl.toml", ROOT));
  const [credential = ""] = values("LoadCredential");
  const [name] = credential.split(":");
  assert.match(text, new RegExp(`^token_file = "/run/credentials/pawl\\.service/${name}"$`, "m"));
  await using folder = new TempFolder();
  folder.write("token", "a-token");
  const path = folder.write("pawl.toml", text.replace(/\/run\/credentials\/[^"]+/, `${folder.path}/token`));
  const config = await loadConfig({ path, env: new Map(), cwd: folder.path, stderrIsTerminal: false });
  assert.deepEqual(config.host, { procfs: "/host/proc", sysfs: "/host/sys" });
  assert.equal(config.server.token, "a-token");
  assert.deepEqual(config.warnings, []);
});

Deno.test("a general agent may use each place that the unit and its configuration name", async () => {
  const text = await Deno.readTextFile(new URL("packaging/systemd/pawl.toml", ROOT));
  const flags = await agentProduct(undefined, undefined).flags(Deno.version.deno);
  const granted = (kind: string) =>
    flags.find((flag) => flag.startsWith(`--allow-${kind}=`))?.replace(/^.*?=/, "").split(",") ?? [];
  const places = [...text.matchAll(/= "(\/[^"]+)"/g)].map(([, path = ""]) => path);
  assert.equal(places.length, 4);
  for (const place of places) {
    assert.ok(granted("read").some((path) => place === path || place.startsWith(`${path}/`)), place);
  }
  // The sandbox looks at where a link leads: the folder has to be granted by its own name.
  const state = `/var/lib/private/${values("StateDirectory")[0]}`;
  assert.ok(places.includes(state) && granted("write").includes(state), state);
});

/** System calls by the names of systemd's sets, with those that the sets name in turn. */
async function callsOf(set: string): Promise<Set<string>> {
  const calls = new Set<string>();
  const { out } = await run("systemd-analyze", "--no-pager", "syscall-filter", set);
  for (const line of out.split("\n").slice(1).map((text) => text.trim())) {
    if (line.startsWith("@")) { for (const call of await callsOf(line)) calls.add(call); }
    else if (line !== "" && !line.startsWith("#")) calls.add(line);
  }
  return calls;
}

Deno.test({
  name: `an agent under the unit's system call filter registers, and stops in order${skipped(strace)}`,
  ignore: strace !== undefined,
  async fn() {
    assert.deepEqual(values("SystemCallFilter"), ["@system-service", "~@privileged @resources"]);
    assert.deepEqual(values("SystemCallErrorNumber"), ["EPERM"]);
    const allowed = await callsOf("@system-service");
    for (const set of ["@privileged", "@resources"]) {
      for (const call of await callsOf(set)) allowed.delete(call);
    }
    await using folder = new TempFolder();
    const used = await tracedCalls(folder, "-c");
    const refused = used.filter((call) => !allowed.has(call));
    // What it would like besides is refused as the filter refuses it, and not missed.
    if (refused.length > 0) await tracedCalls(folder, `-einject=${refused.join(",")}:error=EPERM`);
  },
});

/** Lets an agent register and stop under strace. @returns the system calls it made, where `-c` counts them */
async function tracedCalls(folder: TempFolder, how: string): Promise<string[]> {
  const calls = `${folder.path}/calls`;
  await using hub = await FakeHub.start();
  const wrapper = folder.write("traced", `#!/bin/sh\nexec strace -f -qq -o ${calls} ${how} "$@"\n`);
  await Deno.chmod(wrapper, 0o700);
  const child = new Deno.Command(wrapper, {
    args: [
      ...[Deno.execPath(), "run", "-q", "--config", "deno.json", "-P=agent", "main.ts"],
      ...["run", "--server", hub.address, "--state-dir", `${folder.path}/state`],
    ],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const log = new Response(child.stderr).text();
  const ended = child.status.then(async ({ code }) => {
    throw new Error(`the agent ended with ${code}: ${await log}`);
  });
  const connection = await Promise.race([hub.nextConnection(), ended]);
  ended.catch(() => {}); // from here on, its end is what is waited for
  await connection.next("register");
  await connection.next("heartbeat");
  const [pid] = (await run("pgrep", "-P", String(child.pid))).out.trim().split("\n");
  Deno.kill(Number(pid), "SIGTERM");
  const { code } = await child.status;
  assert.equal(code, 0, await log);
  const text = await Deno.readTextFile(calls);
  return [...text.matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +\d+ +(?:\d+ +)?(\w+)$/gm)]
    .map(([, call = ""]) => call).filter((call) => call !== "total");
}
