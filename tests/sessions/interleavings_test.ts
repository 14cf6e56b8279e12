import assert from "node:assert/strict";
import fc from "fast-check";
import type { FakeSessionLink } from "../fakes/fake_session_link.ts";
import { type FakeChat, type Job, Rig } from "./rig.ts";

/** What may happen, in any order. `pick` chooses among what is there. */
type Event =
  | {
    do: "start";
    type: "inspect" | "diagnose" | "chat" | "dance";
    id: string;
    plugin: string;
    message: string;
  }
  | { do: "input"; id: string; message: string }
  | { do: "cancel"; id: string }
  | { do: "settle"; pick: number; fails: boolean; cancelFirst: boolean }
  | { do: "stream"; pick: number }
  | { do: "sendFinals" }
  | { do: "holdFinals"; hold: boolean }
  | { do: "tick"; ms: number }
  | { do: "loseConnection" };

const id = fc.constantFrom("a", "b", "c");
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("start" as const),
      type: fc.constantFrom("inspect" as const, "diagnose" as const, "chat" as const, "dance" as const),
      id,
      plugin: fc.constantFrom("", "cpu"),
      message: fc.constantFrom("", "hello"),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("input" as const), id, message: fc.constantFrom("", "hello") }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("cancel" as const), id }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      pick: fc.nat(),
      fails: fc.boolean(),
      cancelFirst: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("stream" as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.constant({ do: "sendFinals" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("tick" as const), ms: fc.constantFrom(300, 999, 1000) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "loseConnection" as const }) },
);

/** What the rules make of one session. */
class Expected {
  state: "running" | "cancelled" | "over" = "running";
  endsAtMs = Infinity;
  /** Turns that wait, and whether one runs: chats only. */
  waiting = 0;
  turning = false;
  /** How its turns must have ended. */
  readonly turns: string[] = [];
  /** How it must have ended: the error's code, if any, then `final`. */
  ending: string[] = [];

  constructor(readonly id: string, readonly type: string, readonly link: FakeSessionLink) {}
}

/** The rules once more, as plainly as can be: no promises, no timers. */
class Model {
  readonly all: Expected[] = [];
  taken = new Map<string, Expected>();

  constructor(readonly limit: number) {}

  get active(): number {
    return this.all.filter((session) => session.state !== "over").length;
  }

  refusal(sessionId: string): string {
    if (this.active >= this.limit) return "max concurrent sessions reached";
    return this.taken.has(sessionId) ? "duplicate session_id" : "";
  }

  inputAnswer(sessionId: string, message: string): string {
    const session = this.taken.get(sessionId);
    if (session?.state !== "running") return "session not found";
    if (session.type !== "chat") return "not a chat session";
    if (message === "") return "";
    if (!session.turning) session.turning = true;
    else if (session.waiting === 8) return "input queue full";
    else session.waiting++;
    return "";
  }

  cancel(session: Expected | undefined, nowMs: number): void {
    if (session?.state !== "running") return;
    session.state = "cancelled";
    session.endsAtMs = nowMs + 1000;
    if (session.type === "chat" && !session.turning) this.end(session, []); // nothing to wind down
  }

  end(session: Expected, ending: string[]): void {
    session.state = "over";
    session.ending = [...ending, "final"];
    if (!session.link.holdFinals && this.taken.get(session.id) === session) this.taken.delete(session.id);
  }

  tick(nowMs: number): void {
    for (const session of this.all) {
      if (session.state === "cancelled" && session.endsAtMs <= nowMs) this.end(session, []);
    }
  }

  finalsSent(): void {
    for (const [sessionId, session] of this.taken) {
      if (session.state === "over") this.taken.delete(sessionId);
    }
  }
}

/** A job of a runner, its session, and the chat it is a turn of. */
interface Pending {
  job: Job<unknown, string>;
  session: Expected;
  chat?: FakeChat;
}

/** Plays events against the dispatcher and the model, comparing after each. */
class Play {
  readonly rig = new Rig({ limit: 2, capabilities: ["session_input_ack"], chatIdleMs: 2 ** 31 - 1 });
  readonly model = new Model(2);
  /** On the current connection: the session that the record at an index is the ack of. */
  readonly #openings = new Map<number, string>();
  readonly #pending: Pending[] = [];
  readonly #settled: Pending[] = [];
  readonly #chats = new Map<FakeChat, { session: Expected; seen: number }>();
  #runsSeen = 0;
  #chatsSeen = 0;

  constructor() {
    this.rig.link.holdFinals = true;
  }

  async play(event: Event): Promise<void> {
    const { rig, model } = this;
    const nowMs = rig.clock.monotonicMs();
    switch (event.do) {
      case "start": {
        const expected = model.refusal(event.id);
        if (expected === "") this.#openings.set(rig.link.records.length, event.id);
        const { type, plugin, message } = event;
        assert.equal(rig.start(type, event.id, { plugin, message }), expected);
        if (expected === "") await this.#accepted(event);
        break;
      }
      case "input":
        assert.equal(rig.input(event.message, event.id), model.inputAnswer(event.id, event.message));
        break;
      case "cancel":
        rig.scope.cancel(event.id, "enough");
        model.cancel(model.taken.get(event.id), nowMs);
        break;
      case "settle":
        this.#settle(event, nowMs);
        break;
      case "stream": {
        const jobs = [...this.#pending, ...this.#settled];
        const chosen = jobs[event.pick % jobs.length];
        if (chosen === undefined) break;
        const before = this.#outputs();
        const live = chosen.session.state === "running" && this.#pending.includes(chosen);
        chosen.job.stream("thinking", "…");
        assert.equal(this.#outputs() - before, live ? 1 : 0);
        break;
      }
      case "sendFinals":
        rig.link.sendFinals();
        model.finalsSent();
        break;
      case "holdFinals":
        rig.link.holdFinals = event.hold;
        break;
      case "tick":
        await rig.clock.tick(event.ms);
        model.tick(rig.clock.monotonicMs());
        break;
      case "loseConnection":
        rig.reconnect();
        rig.link.holdFinals = true;
        this.#openings.clear();
        for (const session of model.taken.values()) model.cancel(session, nowMs);
        model.taken = new Map();
        break;
    }
    await this.#compare();
  }

  /** All ends well: whatever still runs is cancelled, and nothing is left. */
  async finish(): Promise<void> {
    const stopped = this.rig.scope.stop("end of test");
    for (const session of this.model.taken.values()) {
      this.model.cancel(session, this.rig.clock.monotonicMs());
    }
    await this.rig.clock.tick(1000);
    this.model.tick(this.rig.clock.monotonicMs());
    await stopped;
    await this.#compare();
    for (const { job } of this.#pending.splice(0)) job.reject(new Error("very late"));
    await this.#compare();
    assert.equal(this.rig.limiter.active, 0);
    assert.equal(this.rig.clock.pendingTimers, 0);
    assert.ok(this.rig.chat.chats.every((chat) => chat.closed === 1), "every chat is closed once");
  }

  async #accepted(event: Extract<Event, { do: "start" }>): Promise<void> {
    const session = new Expected(event.id, event.type, this.rig.link);
    this.model.all.push(session);
    this.model.taken.set(event.id, session);
    if (event.type === "dance") this.model.end(session, ["invalid_type"]);
    else if (event.type === "inspect" && event.plugin === "") this.model.end(session, ["missing_plugin"]);
    else if (event.type === "chat") {
      session.turning = event.message !== "";
      await microtasks();
      const chat = this.rig.chat.chats[this.#chatsSeen++];
      assert.ok(chat);
      this.#chats.set(chat, { session, seen: 0 });
    } else {
      const job = this.rig.diagnose.runs[this.#runsSeen++];
      assert.ok(job);
      this.#pending.push({ job, session });
    }
  }

  #settle({ pick, fails, cancelFirst }: Extract<Event, { do: "settle" }>, nowMs: number): void {
    const [chosen] = this.#pending.splice(pick % Math.max(1, this.#pending.length), 1);
    if (chosen === undefined) return;
    this.#settled.push(chosen);
    const { job, session } = chosen;
    if (fails) job.reject(new Error("failed"));
    else job.resolve("text");
    // The work is done, but nobody has noticed yet.
    if (cancelFirst && this.model.taken.get(session.id) === session) {
      this.rig.scope.cancel(session.id, "enough");
      this.model.cancel(session, nowMs);
    }
    if (session.state === "over") return;
    if (session.state === "cancelled") this.model.end(session, []);
    else if (session.type !== "chat") this.model.end(session, fails ? ["diagnose_failed"] : []);
    else {
      session.turns.push(fails ? "error" : "answer");
      session.turning = session.waiting > 0;
      if (session.waiting > 0) session.waiting--;
    }
  }

  async #compare(): Promise<void> {
    await microtasks();
    for (const [chat, known] of this.#chats) {
      for (; known.seen < chat.turns.length; known.seen++) {
        const job = chat.turns[known.seen];
        assert.ok(job);
        assert.ok(!this.#pending.some((pending) => pending.chat === chat), "turns run one at a time");
        this.#pending.push({ job, session: known.session, chat });
      }
    }
    assert.equal(this.rig.limiter.active, this.model.active);
    assert.equal(this.rig.dispatcher.activeSessions, this.model.active);
    const current = this.model.all.filter((session) => session.link === this.rig.link);
    assert.deepEqual(
      storyOf(this.rig.link, this.#openings),
      current.map(({ id, turns, ending }) => [id, ...turns, ...ending].join(" ")).sort(),
    );
  }

  #outputs(): number {
    return this.rig.link.records.filter((record) => record.kind === "output").length;
  }
}

/** What each session of a connection said but for streamed output. Fails if one spoke before its ack or after its end. */
function storyOf(link: FakeSessionLink, openings: ReadonlyMap<number, string>): string[] {
  const open = new Map<string, string[]>();
  const stories: string[][] = [];
  for (const [index, record] of link.records.entries()) {
    if (record.kind === "ack") {
      const opened = openings.get(index);
      if (opened === undefined) continue;
      assert.ok(!open.has(opened), "an id is accepted again only after its final output");
      open.set(opened, [opened]);
      continue;
    }
    const story = open.get(record.sessionId);
    assert.ok(story, `${record.kind} for ${record.sessionId}, which is not open`);
    if (record.kind === "turnDone") story.push(record.stage);
    if (record.kind === "error") story.push(record.code);
    if (record.kind !== "final") continue;
    stories.push([...story, "final"]);
    open.delete(record.sessionId);
  }
  return [...stories, ...open.values()].map((story) => story.join(" ")).sort();
}

/** Lets what hangs on promises happen, without a turn of the event loop. */
async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}

Deno.test("whatever is interleaved, each session has one end, speaks only before it, and gives back one slot", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 20, maxLength: 60 }), async (events) => {
      const play = new Play();
      for (const event of events) await play.play(event);
      await play.finish();
    }),
    { numRuns: 80 },
  );
});
