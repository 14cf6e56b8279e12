/** Against this machine's kernel: sockets that programs started for it hold, and what `ss` says of them. */
import assert from "node:assert/strict";
import { systemClock } from "../../lib/clock.ts";
import type { Finding } from "../../lib/checks/check.ts";
import { SOCKSTAT_CHECK } from "../../lib/checks/sockstat.ts";
import { TCPSTATE_CHECK } from "../../lib/checks/tcpstate.ts";
import { openHost } from "../../lib/host/open_host.ts";
import { NETWORK_TOOLS } from "../../lib/tools/network.ts";
import { ToolPolicy } from "../../lib/tools/policy.ts";
import { ToolRegistry } from "../../lib/tools/registry.ts";
import { gather, makeCheck } from "../checks/check_rig.ts";
import { until } from "../fakes/until.ts";

const procReadable = await Deno.readTextFile("/proc/net/tcp").then(() => true, () => false);

/** A program that says its port in its first line, and runs until the test is over. */
class Program implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly port: Promise<number>;

  constructor(script: string) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", script],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.port = this.#firstLine().then(Number);
  }

  get pid(): number {
    return this.#process.pid;
  }

  async #firstLine(): Promise<string> {
    let text = "";
    for await (const chunk of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes("\n")) return text;
    }
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }
}

async function run(name: string, args: Record<string, unknown> = {}) {
  const registry = new ToolRegistry({
    tools: NETWORK_TOOLS,
    host: await openHost(),
    clock: systemClock,
    policy: ToolPolicy.all(),
  });
  // deno-lint-ignore no-explicit-any -- what a tool tells is JSON: the assertions say what it has to be
  return (await registry.run(name, args, new AbortController().signal)).data as any;
}

/** How many TCP sockets `ss` shows with this filter; undefined where it is not installed. */
async function countOfSs(...filter: string[]): Promise<number | undefined> {
  try {
    const { stdout } = await new Deno.Command("ss", { args: ["-Htan", ...filter], stdin: "null" }).output();
    return new TextDecoder().decode(stdout).split("\n").filter((line) => line.trim() !== "").length;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Accepts, keeps every connection, and closes none. */
const HOARDER = `
  const kept = globalThis.kept = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  console.log(listener.addr.port);
  for await (const conn of listener) kept.push(conn);
`;
/** Listens with room for next to nobody, and hangs. */
const SLEEPER = `
  import { createServer } from "node:net";
  const server = createServer().listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
    console.log(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;
/** Connects far more often than there is room for. */
const crowd = (port: number) => `
  const kept = globalThis.kept = [];
  console.log(0);
  for (let n = 0; n < 20; n++) Deno.connect({ hostname: "127.0.0.1", port: ${port} }).then((c) => kept.push(c), () => {});
  setInterval(() => {}, 1000);
`;

Deno.test({
  name: "500 connections in CLOSE_WAIT: the check and the tools name program, pid and port; then all is well",
  ignore: !procReadable,
  async fn() {
    const host = await openHost();
    const pile = async (): Promise<Finding | undefined> =>
      (await gather(makeCheck(TCPSTATE_CHECK, {}, { host })))[0];
    const before = (await pile())?.value ?? 0;
    {
      await using hoarder = new Program(HOARDER);
      const port = await hoarder.port;
      for (let n = 0; n < 500; n++) (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      const finding = await until("the check finds the pile", async () => {
        const found = await pile();
        return (found?.value ?? 0) >= before + 500 && found;
      });
      assert.equal(finding.labels.check, "tcpstate::close_wait");
      assert.notEqual(finding.status, "Ok");
      // All accepted or not: either way it is that program's.
      const name = new RegExp(`\\(pid ${hoarder.pid}\\) (?:holds|has) \\d+ .*on port ${port}`);
      assert.match(finding.description, name);

      const seen = await countOfSs("state", "close-wait");
      const { close_wait } = await run("tcp_state_distribution");
      if (seen !== undefined) assert.ok(Math.abs(seen - close_wait) <= 10, `ss ${seen}, we ${close_wait}`);

      const { holders } = await run("close_wait_owners");
      assert.deepEqual([holders[0].pid, holders[0].port], [hoarder.pid, port]);
      const { ports } = await run("top_connections_by_local_port", { state: "CLOSE_WAIT" });
      assert.deepEqual([ports[0].port, ports[0].close_wait, ports[0].pid], [port, 500, hoarder.pid]);
      const own = await run("connections_of_process", { pid: hoarder.pid });
      assert.ok(own.states.CLOSE_WAIT > 400 && own.states.LISTEN === 1, JSON.stringify(own.states));
    }
    await until("the pile is gone", async () => ((await pile())?.value ?? 500) < before + 100);
  },
});

Deno.test({
  name: "a full accept queue: the check and the tools name program, pid and port",
  ignore: !procReadable,
  async fn() {
    const host = await openHost();
    await using sleeper = new Program(SLEEPER);
    const port = await sleeper.port;
    const check = makeCheck(SOCKSTAT_CHECK, {}, { host });
    assert.equal((await gather(check)).length, 1);
    await using _crowd = new Program(crowd(port));
    const finding = await until("the check finds the overflow", async () => {
      const [found] = await gather(check);
      return found?.status !== "Ok" && found;
    });
    assert.match(
      finding.description,
      new RegExp(`127\\.0\\.0\\.1:${port} \\(\\S+, pid ${sleeper.pid}\\) has \\d+ waiting`),
    );

    const { ports } = await run("network_listen_ports");
    const row = ports.find((each: { port: number }) => each.port === port);
    assert.deepEqual([row.pid, row.accept_queue > 1], [sleeper.pid, true], JSON.stringify(row));
    const { listeners, overflows_since_boot } = await run("listen_overflow", { port, delay_ms: 100 });
    assert.equal(listeners[0].pid, sleeper.pid);
    assert.ok(overflows_since_boot > 0);
    const seen = await countOfSs("state", "listening", "sport", "=", `:${port}`);
    if (seen !== undefined) assert.equal(seen, 1);
  },
});

Deno.test({
  name: "the states of connections are what ss says, within 20",
  ignore: !procReadable,
  async fn() {
    const seen = await countOfSs();
    if (seen === undefined) return;
    const { total } = await run("tcp_state_distribution");
    assert.ok(Math.abs(total - seen) <= 20, `ss ${seen}, we ${total}`);
  },
});
