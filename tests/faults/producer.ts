import type { SeededRandom } from "../fakes/seeded_random.ts";
import type { AgentProcess, LocalAnswer } from "./agent_process.ts";
import type { Fate, NumberedEvent, SentEvents } from "./sent_events.ts";

const STATUSES = ["Critical", "Warning", "Info", "Ok"] as const;

/** Texts that are awkward on their way through JSON, lines and bytes. */
const TEXTS = ["", "all is well", "naïve 日本語 🜂", 'a "quoted"\nsecond line', "x".repeat(700)];

/** Sends events of its own keys, one request after the other, so that each key's events have one order. */
export class Producer {
  readonly #random: SeededRandom;
  readonly #keys: readonly string[];
  readonly #sent: SentEvents;

  /** @param keys no other producer has them. */
  constructor(random: SeededRandom, keys: readonly string[], sent: SentEvents) {
    this.#random = random;
    this.#keys = keys;
    this.#sent = sent;
  }

  /**
   * One request of `count` events.
   *
   * @throws Error for an answer that nothing here deserves, or where there is none though nobody ended the agent.
   */
  async post(agent: AgentProcess, count: number): Promise<Fate> {
    const events: NumberedEvent[] = [];
    for (let index = 0; index < count; index++) {
      const key = this.#random.pick(this.#keys);
      events.push({ key, number: this.#sent.add(key) });
    }
    const body = this.#body(events);
    let answer: LocalAnswer;
    try {
      answer = await agent.post(body);
    } catch (error) {
      if (agent.toldToEnd) return "maybe";
      throw new Error("the agent did not answer, though nobody ended it", { cause: error });
    }
    const fate = fateOf(answer, count);
    if (fate !== "maybe") this.#sent.settle(events, fate);
    return fate;
  }

  /** In one of the three forms that the intake understands. */
  #body(events: readonly NumberedEvent[]): string {
    const texts = events.map(({ key, number }) =>
      JSON.stringify({
        event_status: this.#random.pick(STATUSES),
        labels: { check: "fault", key },
        attrs: { n: String(number) },
        description: this.#random.pick(TEXTS),
      })
    );
    if (texts.length === 1 && this.#random.chance(0.5)) return texts.join();
    return this.#random.chance(0.3) ? texts.join("\n") : `[${texts.join()}]`;
  }
}

function fateOf({ status, text }: LocalAnswer, count: number): Fate {
  switch (status) {
    case 202:
    case 200: {
      const { accepted, durable } = JSON.parse(text);
      if (accepted !== count) throw new Error(`of ${count} events the agent took in: ${text}`);
      if (status === 200 && durable !== false) throw new Error(`the agent answered 200: ${text}`);
      return status === 202 ? "accepted" : "maybe";
    }
    case 429:
    case 503:
      return "refused";
    default:
      throw new Error(`the agent answered ${status}: ${text}`);
  }
}
