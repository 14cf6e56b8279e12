/** A native WebSocket that plays the agent against a hub, by hand. */
import { decodeToAgent, type MessageToAgent } from "../../lib/protocol/mod.ts";
import { type Hub, type HubEvent, type HubOptions, startHub } from "../../lib/hub/mod.ts";
import { Inbox } from "../fakes/fake_hub/inbox.ts";

export const AGENT_ID = "5f0c1d6e-52b4-4d0e-9a3b-3b1f6a4f2c11";
export const OTHER_ID = "0b7f6a30-8a57-4c3f-8d5c-7f1f0b9a2e44";

/** For tests with sockets: it turns a hang into a failure, and a passing test never waits for it. */
export const deadline = { timeout: 60_000 };

export interface FakeAgentOptions {
  agentId?: string;
  token?: string;
  capabilities?: string[];
}

export class FakeAgent {
  readonly agentId: string;
  readonly opened: Promise<void>;
  readonly closed: Promise<{ code: number; reason: string; error: boolean }>;
  readonly socket: WebSocket;
  readonly #inbox = new Inbox<MessageToAgent>();
  readonly #capabilities: string[] | undefined;

  constructor(hub: Hub, { agentId = AGENT_ID, token, capabilities }: FakeAgentOptions = {}) {
    this.agentId = agentId;
    this.#capabilities = capabilities;
    this.socket = new WebSocket(`${hub.address}/api/v1/agent/ws`, {
      headers: { "X-Agent-ID": agentId, "X-Proto-Version": "1", ...(token && { "X-Agent-Token": token }) },
    });
    let error = false;
    this.socket.onerror = () => error = true;
    this.socket.onmessage = ({ data }) => {
      const decoded = decodeToAgent(data);
      if (!decoded.ok) throw new Error(`the hub said what no agent understands: ${decoded.reason}`);
      this.#inbox.push(decoded.message);
    };
    this.opened = new Promise((resolve) => this.socket.onopen = () => resolve());
    this.closed = new Promise((resolve) => {
      this.socket.onclose = ({ code, reason }) => {
        this.#inbox.end(`the connection was closed: ${code} ${reason}`);
        resolve({ code, reason, error });
      };
    });
  }

  /** Everything the hub said, in order. */
  get heard(): readonly MessageToAgent[] {
    return this.#inbox.all;
  }

  /** The oldest message of this type that was not returned yet. */
  next<Type extends MessageToAgent["type"]>(type: Type): Promise<Extract<MessageToAgent, { type: Type }>> {
    return this.#inbox.next(`the next "${type}"`, (message) => message.type === type) as Promise<
      Extract<MessageToAgent, { type: Type }>
    >;
  }

  /** Sends a message and returns its id. */
  say(
    type: string,
    payload: unknown,
    { id = crypto.randomUUID() as string, refId = undefined as string | undefined } = {},
  ) {
    this.socket.send(JSON.stringify({ type, id, ref_id: refId, payload }));
    return id;
  }

  /** Answers a `session_start` or `session_input`. */
  ack(refId: string, payload: { ok: boolean; error?: string } = { ok: true }): void {
    this.say("ack", payload, { refId });
  }

  /** Registers and waits for the ack, which it returns. */
  async register(hostname = "web-1") {
    await this.opened;
    const id = this.say("register", { hostname, os: "linux", capabilities: this.#capabilities });
    const ack = await this.next("ack");
    if (ack.ref_id !== id) throw new Error("the ack answers something else");
    return ack;
  }
}

/** A hub with its agents and events; disposing of it waits until all are gone. */
export class Stage implements AsyncDisposable {
  readonly agents: FakeAgent[] = [];

  private constructor(readonly hub: Hub, readonly events: Inbox<HubEvent>) {}

  static async start(options: HubOptions = {}): Promise<Stage> {
    const events = new Inbox<HubEvent>();
    const hub = await startHub({
      // Whoever does not answer the hub's close is left alone soon: no test is about these 2 s.
      closeTimeoutMs: 200,
      ...options,
      onEvent: (event) => {
        events.push(event);
        return options.onEvent?.(event);
      },
    });
    return new Stage(hub, events);
  }

  dial(options: FakeAgentOptions = {}): FakeAgent {
    const agent = new FakeAgent(this.hub, options);
    this.agents.push(agent);
    return agent;
  }

  async registered(options: FakeAgentOptions = {}): Promise<FakeAgent> {
    const agent = this.dial(options);
    await agent.register();
    return agent;
  }

  /** The oldest event of this type that was not returned yet. */
  event<Type extends HubEvent["type"]>(type: Type): Promise<Extract<HubEvent, { type: Type }>> {
    return this.events.next(`the next event "${type}"`, (event) => event.type === type) as Promise<
      Extract<HubEvent, { type: Type }>
    >;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.agents) socket.close();
    await this.hub.close();
    for (const agent of this.agents) await agent.closed;
  }
}
