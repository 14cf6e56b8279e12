import assert from "node:assert/strict";
import { FakeHub } from "../fakes/fake_hub.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { PawlProcess, REPOSITORY } from "./pawl_process.ts";

/** Hangs up on everybody, and counts them. */
class FakeProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #work = this.#accept();
  visits = 0;

  /** The variables that lead a client here. */
  get variables(): Record<string, string> {
    const url = `http://127.0.0.1:${this.#listener.addr.port}`;
    const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    return Object.fromEntries(names.flatMap((name) => [[name, url], [name.toLowerCase(), url]]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#work;
  }

  async #accept(): Promise<void> {
    for await (const visitor of this.#listener) {
      this.visits++;
      visitor.close();
    }
  }
}

Deno.test("the runtime by itself would take the way of the proxy variables", async () => {
  await using proxy = new FakeProxy();
  await using folder = new TempFolder();
  const script = folder.write("ask.ts", 'await fetch("http://127.0.0.1:4444/").catch(() => {});');
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-config", "--allow-net", script],
    cwd: REPOSITORY,
    env: { ...proxy.variables, NO_PROXY: "", no_proxy: "" },
  }).output();
  assert.ok(success && proxy.visits > 0);
});

Deno.test("proxy variables lead neither the connection nor the question after a failed dial elsewhere", async () => {
  await using proxy = new FakeProxy();
  await using folder = new TempFolder();
  // The first dial fails with a status, which has the agent ask once more by HTTP.
  await using hub = await FakeHub.start((index) => index === 0 ? { refuse: { status: 500 } } : {});
  await using agent = PawlProcess.start(["run", "--server", hub.address, "--state-dir", folder.at("state")], {
    env: proxy.variables,
  });
  await (await hub.nextConnection()).next("heartbeat");
  assert.equal(hub.probes.length, 1);
  assert.equal(proxy.visits, 0);
  const ignored = agent.log().filter(({ event }) => event === "config.proxy_variable_ignored");
  assert.deepEqual(
    ignored.map(({ name }) => String(name)).toSorted(),
    Object.keys(proxy.variables).toSorted(),
  );
});
