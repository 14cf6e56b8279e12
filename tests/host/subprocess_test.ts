import assert from "node:assert/strict";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { runProgram, type RunProgramOptions } from "../../lib/host/subprocess.ts";
import { until } from "../fakes/until.ts";

const never = new AbortController().signal;

function shell(script: string, options: Partial<RunProgramOptions> = {}) {
  return runProgram({
    program: "/bin/sh",
    args: ["-c", script],
    timeoutMs: 10_000,
    maxBytes: 4096,
    signal: never,
    ...options,
  });
}

/** Whether a process is at work; one that nobody has asked about since it ended is not. */
async function lives(pid: number): Promise<boolean> {
  try {
    return !/^State:\s+[ZX]/m.test(await Deno.readTextFile(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

Deno.test("what a program says, and how it ends, is told", async () => {
  const result = await shell("echo out; echo err >&2; exit 3");
  assert.deepEqual({ ...result, durationMs: 0 }, {
    code: 3,
    signal: null,
    stdout: "out\n",
    stderr: "err\n",
    truncated: false,
    durationMs: 0,
  });
  assert.equal((await shell("kill -USR1 $$")).signal, "SIGUSR1");
  assert.equal((await shell("cat", { stdin: "given" })).stdout, "given");
  assert.equal((await shell("cat")).stdout, "");
  assert.equal((await shell("exit 0", { stdin: "x".repeat(1_000_000) })).code, 0);
});

Deno.test("a program sees nothing of the agent's environment", async () => {
  Deno.env.set("PAWL_TEST_SECRET", "hidden");
  try {
    const { stdout } = await runProgram({
      program: "/usr/bin/env",
      args: [],
      env: { GIVEN: "yes" },
      timeoutMs: 10_000,
      maxBytes: 4096,
      signal: never,
    });
    assert.deepEqual(stdout.trim().split("\n").map((line) => line.split("=")[0]).sort(), [
      "GIVEN",
      "LC_ALL",
      "PATH",
    ]);
  } finally {
    Deno.env.delete("PAWL_TEST_SECRET");
  }
});

Deno.test("no shell takes an argument apart", async () => {
  const odd = "$(id); `id` | ls * 'x' \"y\"";
  const { stdout } = await runProgram({
    program: "/bin/echo",
    args: [odd],
    timeoutMs: 10_000,
    maxBytes: 4096,
    signal: never,
  });
  assert.equal(stdout, `${odd}\n`);
});

Deno.test("output is cut at its bound, and the program is not held up by that", async () => {
  const result = await shell("head -c 5000000 /dev/zero | tr '\\0' x; echo done >&2", { maxBytes: 1000 });
  assert.equal(result.stdout, "x".repeat(1000));
  assert.equal(result.stderr, "done\n");
  assert.equal(result.truncated, true);
});

Deno.test("a program that does not end is made to, one that ignores being told so too, and what it started with it", async () => {
  await using folder = {
    path: Deno.makeTempDirSync(),
    [Symbol.asyncDispose]: () => Deno.remove(folder.path, { recursive: true }),
  };
  const pids = `${folder.path}/pids`;
  const startMs = performance.now();
  await assert.rejects(
    shell(`trap '' TERM; sleep 97 & echo $$ $! > ${pids}; while :; do sleep 98; done`, { timeoutMs: 300 }),
    { name: "TimeoutError", message: "cannot wait for /bin/sh: it did not end within 300 ms" },
  );
  assert.ok(performance.now() - startMs < 10_000);
  for (const pid of Deno.readTextFileSync(pids).trim().split(" ").map(Number)) {
    await until(`process ${pid} has ended`, async () => !await lives(pid));
  }
});

Deno.test("a process left behind that holds the pipe open holds up nothing", async () => {
  const startMs = performance.now();
  const { stdout, code } = await shell("sleep 96 & echo $!");
  try {
    assert.equal(code, 0);
    assert.ok(performance.now() - startMs < 10_000);
  } finally {
    Deno.kill(Number(stdout), "SIGKILL");
  }
});

Deno.test("an abort ends the program with the signal's reason", async () => {
  const given = new AbortController();
  const run = shell("sleep 95", { signal: given.signal });
  setTimeout(() => given.abort(new Error("enough")), 20);
  await assert.rejects(run, { message: "enough" });
  await assert.rejects(shell("sleep 95", { signal: given.signal }), { message: "enough" });
});

Deno.test("a program that is not there is told by its name", async () => {
  await assert.rejects(shell("", { program: "/nonexistent/program" }), {
    name: "NotFound",
    message: "cannot run /nonexistent/program: there is no such program",
  });
  await assert.rejects(shell("", { program: "/etc/passwd" }), /^\w+: cannot run \/etc\/passwd: /);
});

Deno.test({
  name: "what the sandbox does not let be run is unavailable, and the message names the grant",
  permissions: { run: ["/bin/true"] },
  async fn() {
    await assert.rejects(shell(""), (error) => {
      assert.ok(error instanceof FactUnavailableError);
      assert.match(error.message, /grant --allow-run=\/bin\/sh$/);
      return true;
    });
    const { code } = await runProgram({
      program: "/bin/true",
      args: [],
      timeoutMs: 10_000,
      maxBytes: 10,
      signal: never,
    });
    assert.equal(code, 0);
  },
});
