import assert from "node:assert/strict";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type Fault, FaultProxy, type FaultScript } from "./fault_proxy.ts";
import { until } from "./until.ts";

/** One end of a connection, and all that it hears. */
class End {
  text = "";
  bytes = 0;
  /** How the other side ended it, as far as this one was told. */
  ended: "not" | "fin" | "reset" = "not";

  constructor(readonly socket: Socket) {
    socket.on("data", (chunk: Uint8Array) => {
      this.bytes += chunk.length;
      if (this.text.length < 1000) this.text += new TextDecoder().decode(chunk);
    });
    socket.on("end", () => this.ended = "fin");
    socket.on("error", () => this.ended = "reset");
  }

  say(text: string): void {
    this.socket.write(text);
  }
}

/** A proxy between clients and a server that listens. */
class Stage implements AsyncDisposable {
  readonly hubs: End[] = [];
  readonly agents: End[] = [];
  readonly #server: Server;
  #proxy: FaultProxy | undefined;

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.hubs.push(new End(socket)));
  }

  static async start(script: Fault | FaultScript): Promise<Stage> {
    const stage = new Stage();
    await new Promise<void>((resolve) => stage.#server.listen(0, "127.0.0.1", resolve));
    const { port } = stage.#server.address() as { port: number };
    stage.#proxy = await FaultProxy.start(port, typeof script === "function" ? script : () => script);
    return stage;
  }

  get proxy(): FaultProxy {
    assert.ok(this.#proxy);
    return this.#proxy;
  }

  /** Connects through the proxy. */
  dial(): End {
    const end = new End(connect({ port: this.proxy.port, host: "127.0.0.1", allowHalfOpen: true }));
    this.agents.push(end);
    return end;
  }

  /** Connects through the proxy, and waits until the hub has the connection too. */
  async join(): Promise<[agent: End, hub: End]> {
    const agent = this.dial();
    const before = this.hubs.length;
    const hub = await until("the hub was reached", () => this.hubs[before]);
    return [agent, hub];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy?.[Symbol.asyncDispose]();
    const sockets = [...this.agents, ...this.hubs].map(({ socket }) => socket);
    await Promise.all(
      sockets.filter((socket) => !socket.closed).map((socket) => {
        const closed = new Promise((resolve) => socket.once("close", resolve));
        socket.destroy();
        return closed;
      }),
    );
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What was said has come to both, one after the other, so that nothing is on its way any more. */
async function exchange(agent: End, hub: End): Promise<void> {
  const [up, down] = [hub.bytes + 2, agent.bytes + 4];
  agent.say("hi");
  await until("the hub heard it", () => hub.bytes === up);
  hub.say("well");
  await until("the agent heard it", () => agent.bytes === down);
}

for (const delayMs of [0, 30]) {
  Deno.test(`bytes pass both ways in order, and so does the end, ${delayMs} ms late`, async () => {
    await using stage = await Stage.start({ delayMs });
    const [agent, hub] = await stage.join();
    const saidMs = performance.now();
    await exchange(agent, hub);
    assert.ok(performance.now() - saidMs >= 2 * delayMs);
    const said = Array.from({ length: 100 }, (_, index) => `${index},`);
    for (const word of said) agent.say(word);
    agent.socket.end();
    await until("the hub heard the end", () => hub.ended !== "not");
    assert.deepEqual([hub.text, hub.ended], [`hi${said.join("")}`, "fin"]);
    hub.say("bye"); // one direction may outlive the other
    hub.socket.end();
    await until("the agent heard the end", () => agent.ended !== "not");
    assert.deepEqual([agent.text, agent.ended], ["wellbye", "fin"]);
  });
}

Deno.test("a reset passes, whichever side it comes from", async () => {
  await using stage = await Stage.start({});
  for (const reset of [0, 1] as const) {
    const ends = await stage.join();
    await exchange(...ends);
    ends[reset].socket.resetAndDestroy();
    await until("the other side was reset", () => ends[1 - reset]?.ended === "reset");
  }
});

for (const how of ["reset", "fin"] as const) {
  Deno.test(`it cuts after so many bytes, in the middle of a message, by ${how}`, async () => {
    await using stage = await Stage.start({ cutAfterBytes: { bytes: 6, how }, delayMs: 5 });
    const [agent, hub] = await stage.join();
    await exchange(agent, hub);
    agent.say("0123456789");
    await until("both heard of it", () => agent.ended !== "not" && hub.ended !== "not");
    assert.deepEqual([agent.ended, hub.ended], [how, how]);
    assert.ok("hi0123".startsWith(hub.text), hub.text);
    if (how === "fin") assert.equal(hub.text, "hi0123");
  });
}

const unread = [true, false];
for (const [direction, heard] of [["up", "hi01"], ["both", "hi01"], ["down", "hi0123"]] as const) {
  Deno.test(`it stalls after so many bytes, ${direction}, and ends nothing`, async () => {
    for (const left of unread) {
      await using stage = await Stage.start({ stallAfterBytes: { bytes: 4, direction, unread: left } });
      const [agent, hub] = await stage.join();
      await exchange(agent, hub);
      agent.say("0123");
      await until("the hub heard what still passes", () => hub.text === heard);
      hub.say("answer");
      agent.say("more");
      if (direction === "up") await until("the answer came", () => agent.text === "wellanswer");
      else if (direction === "down") await until("the rest came", () => hub.text === `${heard}more`);
      // What passes at once elsewhere shows that there was time enough here.
      await exchange(...await stage.join().then(([a, b]) => [a, b] as const));
      assert.equal(agent.text, direction === "up" ? "wellanswer" : "well");
      assert.equal(hub.text, direction === "down" ? `${heard}more` : heard);
      assert.deepEqual([agent.ended, hub.ended], ["not", "not"]);
    }
  });
}

for (const left of unread) {
  Deno.test(`the sender's buffers ${left ? "fill up" : "stay empty"} behind a stall that ${left ? "leaves" : "takes"} the bytes`, async () => {
    await using stage = await Stage.start({ stallAfterBytes: { bytes: 1, direction: "up", unread: left } });
    const [agent] = await stage.join();
    const chunk = new Uint8Array(1 << 20);
    let drained = true;
    for (let megabytes = 0; megabytes < 64 && drained; megabytes++) {
      drained = agent.socket.write(chunk) || await isDrained(agent.socket);
    }
    assert.equal(drained, !left);
  });
}

/** Whether a socket gets rid of what it holds; false once nothing has moved for a while. */
async function isDrained(socket: Socket): Promise<boolean> {
  for (let still = 0; still < 50;) {
    const before = socket.bytesWritten - socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (socket.writableLength === 0) return true;
    still = socket.bytesWritten - socket.writableLength === before ? still + 1 : 0;
  }
  return false;
}

Deno.test("half open: the hub sees the end, the agent sees nothing and is not heard", async () => {
  await using stage = await Stage.start({ halfOpenAfterBytes: 3 });
  const [agent, hub] = await stage.join();
  await exchange(agent, hub);
  agent.say("0123");
  await until("the hub saw the end", () => hub.ended !== "not");
  agent.say("anyone?");
  const [other, otherHub] = [stage.dial(), await until("it came", () => stage.hubs[1])];
  other.say("hi");
  await until("the proxy is awake", () => otherHub.text === "hi");
  assert.deepEqual([agent.ended, agent.text, hub.text], ["not", "well", "hi0"]);
});

Deno.test("it refuses a connection, and takes the next", async () => {
  await using stage = await Stage.start((index) => index === 0 ? { refuse: true } : {});
  const refused = stage.dial();
  await until("it was refused", () => refused.ended !== "not" || refused.socket.destroyed);
  await exchange(...await stage.join());
  assert.deepEqual([stage.proxy.connections, stage.hubs.length], [2, 1]);
});

Deno.test("all connections can be reset at once, on both sides", async () => {
  await using stage = await Stage.start({ delayMs: 10 });
  const pairs = [await stage.join(), await stage.join()];
  for (const pair of pairs) await exchange(...pair);
  stage.proxy.resetAll();
  await until("all were reset", () => pairs.flat().every(({ ended }) => ended === "reset"));
});

Deno.test("the first fault to come is the only one", async () => {
  await using stage = await Stage.start({
    cutAfterBytes: { bytes: 100, how: "reset" },
    stallAfterBytes: { bytes: 3, direction: "down" },
  });
  const [agent, hub] = await stage.join();
  agent.say("0123");
  for (let more = 0; more < 200; more++) agent.say("x");
  await until("all came", () => hub.bytes === 204);
  assert.deepEqual([agent.ended, hub.ended], ["not", "not"]);
});
