import assert from "node:assert/strict";
import { systemClock } from "../../lib/clock.ts";
import { openHost } from "../../lib/host/open_host.ts";
import { allTools } from "../../lib/tools/all_tools.ts";
import { ToolPolicy } from "../../lib/tools/policy.ts";
import { ToolRegistry } from "../../lib/tools/registry.ts";
import { until } from "../fakes/until.ts";

/** These compare with what the system's own programs say, or with processes that they start. */
const procReadable = await Deno.readTextFile("/proc/stat").then(() => true, () => false);

async function run(name: string, args: Record<string, unknown> = {}) {
  const host = await openHost();
  const registry = new ToolRegistry({
    tools: allTools(),
    host,
    clock: systemClock,
    policy: ToolPolicy.all(),
  });
  const { data, text } = await registry.run(name, args, new AbortController().signal);
  // deno-lint-ignore no-explicit-any -- what a tool tells is JSON: the assertions say what it has to be
  return { data: data as any, text };
}

async function output(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}

/** A program that runs until the test is over. */
class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  constructor(program: string, args: string[], env: Record<string, string> = {}) {
    this.#process = new Deno.Command(program, { args, env, stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
  }

  get pid(): number {
    return this.#process.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }
}

Deno.test({
  name: "memory is what free says, within 64 MiB",
  ignore: !procReadable,
  async fn() {
    const [line] = (await output("free", "-b")).match(/^Mem:.*$/m) ?? [];
    const { data } = await run("mem_overview");
    const [, total, , , , , available] = (line ?? "").split(/\s+/).map(Number);
    assert.equal(data.total_bytes, total);
    assert.ok(
      Math.abs(data.available_bytes - (available ?? 0)) < 64 * 1024 ** 2,
      `${data.available_bytes} ${line}`,
    );
  },
});

Deno.test({
  name: "processes are those that ps lists, but for the few that come and go",
  ignore: !procReadable,
  async fn() {
    const listed = (await output("ps", "-e", "-o", "pid=")).trim().split("\n").map(Number);
    const { data } = await run("process_list", { count: 500, sort_by: "pid" });
    const seen = new Set(data.processes.map((one: { pid: number }) => one.pid));
    const missing = listed.slice(0, 500).filter((pid) => !seen.has(pid));
    assert.ok(missing.length <= 10, `${missing}`);
    const first = data.processes[0];
    const [ppid, threads] = (await output("ps", "-o", "ppid=,nlwp=", "-p", String(first.pid))).trim().split(
      /\s+/,
    );
    assert.deepEqual([first.ppid, first.threads], [Number(ppid), Number(threads)]);
  },
});

Deno.test({
  name: "a process that burns a processor is among the first",
  ignore: !procReadable,
  async fn() {
    await using child = new Child("sh", ["-c", "while :; do :; done"]);
    const { data, text } = await run("top_cpu_processes", { count: 5, delay_ms: 1000 });
    const burner = data.processes.find((one: { pid: number }) => one.pid === child.pid);
    assert.ok(burner !== undefined, text);
    assert.ok(burner.cpu_pct > 20 && burner.cpu_pct < 120, text);
    assert.match(burner.command, /while :/);
  },
});

Deno.test({
  name: "a child's secrets are hidden in its command line and in its environment",
  ignore: !procReadable,
  async fn() {
    const secret = "Zq9-correct-horse";
    const env = { APP_TOKEN: secret, APP_MODE: "test", APP_URL: `http://me:${secret}@host/` };
    await using child = new Child("sleep", ["1000"], env);
    await using other = new Child("sh", ["-c", "kill -STOP $$", "x", "--password", secret]);
    await until(
      "it sleeps",
      async () => (await run("process_detail", { pid: child.pid })).data.name === "sleep",
    );
    const environment = await run("env_inspect", { pid: child.pid, filter: "app" });
    assert.deepEqual(environment.data.variables.map((one: { shown: string }) => one.shown), [
      "test",
      "***",
      "http://me:***@host/",
    ]);
    await until(
      "it has stopped",
      async () => (await run("process_detail", { pid: other.pid })).data.state === "T",
    );
    for (const name of ["process_detail", "open_files", "proc_threads", "env_inspect"]) {
      const { data, text } = await run(name, { pid: other.pid });
      assert.ok(!(JSON.stringify(data) + text).includes(secret), name);
    }
    for (
      const [name, args] of [["process_search", { pattern: "--password" }], ["process_list", {
        count: 500,
      }]] as const
    ) {
      const { data, text } = await run(name, args);
      assert.ok(!(JSON.stringify(data) + text).includes(secret), name);
      assert.ok(text.includes("--password ***"), text);
    }
  },
});

Deno.test({
  name: "a zombie is told by the parent that leaves it",
  ignore: !procReadable,
  async fn() {
    // The shell is gone into sleep, which never asks for the child that the shell had.
    await using parent = new Child("sh", ["-c", "true & exec sleep 1000"]);
    type Parent = { pid: number; zombies: number };
    const own = async () =>
      (await run("zombies")).data.parents.find((one: Parent) => one.pid === parent.pid) as Parent | undefined;
    await until("its child has ended", async () => await own() !== undefined);
    assert.equal((await own())?.zombies, 1);
  },
});

Deno.test({
  name: "a file that is open and deleted is told as such",
  ignore: !procReadable,
  async fn() {
    const path = await Deno.makeTempFile();
    await using child = new Child("sh", ["-c", `exec 7<"$1"; rm "$1"; exec sleep 1000`, "x", path]);
    await until(
      "it sleeps",
      async () => (await run("process_detail", { pid: child.pid })).data.name === "sleep",
    );
    const { data } = await run("open_files", { pid: child.pid });
    const file = data.files.find((one: { fd: number }) => one.fd === 7);
    assert.deepEqual(file, { fd: 7, kind: "deleted file", target: `${path} (deleted)` });
  },
});

Deno.test({
  name: "file systems are as full as df says",
  ignore: !procReadable,
  async fn() {
    const [, line = ""] = (await output("df", "-B1", "--output=size,used,avail", "/")).trim().split("\n");
    const [size, used, available] = line.trim().split(/\s+/).map(Number);
    const { data } = await run("disk_overview", { path: "/" });
    const [root] = data.file_systems;
    const tolerance = 64 * 1024 ** 2; // others write meanwhile
    assert.equal(root.total_bytes, size);
    assert.ok(Math.abs(root.used_bytes - (used ?? 0)) < tolerance, `${root.used_bytes} ${used}`);
    assert.ok(Math.abs(root.available_bytes - (available ?? 0)) < tolerance);
  },
});
