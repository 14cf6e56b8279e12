import type { AlertEvent } from "../../lib/protocol/mod.ts";
import type { FakeConnection, ReceivedOf } from "../fakes/fake_hub.ts";
import { droppedOf, type Figures } from "./accounting.ts";
import type { NumberedEvent, SentEvents } from "./sent_events.ts";

/** How many batches may be under way at once. */
const WINDOW = 8;

/** How many faults are told; after the first few, more of them say nothing new. */
const MAX_TOLD = 10;

/**
 * What a hub that drops doubles has: it knows them by their message's id. An agent that was restarted cuts its batches
 * anew, so an event may well be in two messages; what counts is when it was heard first.
 */
export class HubRecord {
  /** What an agent must never do, in words. */
  readonly violations: string[] = [];
  /** The messages that were heard, by id: what they hold. */
  readonly #messages = new Map<string, string>();
  /** By key: the numbers of its stored events. */
  readonly #stored = new Map<string, Set<number>>();
  /** By key: the numbers that were heard, and the highest of them. */
  readonly #heard = new Map<string, { numbers: Set<number>; highest: number }>();
  /** By life of the agent: under which message each event was heard. */
  readonly #messageOf = new Map<string, Map<string, string>>();
  /** By connection: how many other messages have come since each one that was refused. */
  readonly #refused = new Map<FakeConnection, Map<string, number>>();
  #storedCount = 0;
  #messageCount = 0;

  /** How many different events are stored. */
  get storedEvents(): number {
    return this.#storedCount;
  }

  /** How many messages were heard, doubles included. */
  get messages(): number {
    return this.#messageCount;
  }

  /**
   * A message of alert events was heard. Whether it is stored or refused, its events have had their turn: those of a
   * key must be heard in their order, for batches that were on their way behind a refused one are stored before it.
   */
  take(connection: FakeConnection, { id, payload }: ReceivedOf<"alert_events">, stored: boolean): void {
    this.#messageCount++;
    this.#watchRefusals(connection, id, stored);
    const numbered = payload.events.map(numberedOf);
    const names = numbered.map(({ key, number }) => `${key}#${number}`);
    this.#keepToOneMessage(lifeOf(connection), id, names);
    const content = names.join();
    const before = this.#messages.get(id) ?? content;
    if (before !== content) {
      this.#blame(`message ${id} held ${before.slice(0, 100)}, and then ${content.slice(0, 100)}`);
    }
    this.#messages.set(id, content);
    for (const event of numbered) {
      this.#hear(event);
      if (stored) this.#store(event);
    }
  }

  /** Compares with what was sent and with what the agent says of it; all that is wrong, in words. */
  faults(sent: SentEvents, figures: Figures): string[] {
    const dropped = droppedOf(figures);
    const faults = [...this.violations, ...this.#faultsOfFigures(sent, figures)];
    let missing = 0;
    for (const [key, fates] of sent.fates) {
      const stored = this.#stored.get(key) ?? new Set();
      const latest = fates.lastIndexOf("accepted");
      for (const [number, fate] of fates.entries()) {
        if (fate === "refused" && stored.has(number)) {
          faults.push(`${key}#${number} was refused, and arrived`);
        }
        if (fate !== "accepted" || stored.has(number)) continue;
        missing++;
        if (dropped === 0) faults.push(`${key}#${number} was accepted, and did not arrive`);
        // Superseded events may go, but not the newest: unless one that nobody was told about is newer still.
        else if (number === latest && !hasAfter(stored, number)) {
          faults.push(`${key}#${number} is the latest of its key, and did not arrive`);
        }
      }
    }
    if (missing > dropped) faults.push(`${missing} events did not arrive, and only ${dropped} were dropped`);
    for (const [key, numbers] of this.#stored) {
      const count = sent.fates.get(key)?.length ?? 0;
      for (const number of numbers) {
        if (number >= count) faults.push(`${key}#${number} was never sent, and arrived`);
      }
    }
    if (faults.length <= MAX_TOLD) return faults;
    return [...faults.slice(0, MAX_TOLD), `and ${faults.length - MAX_TOLD} more`];
  }

  #faultsOfFigures({ counts }: SentEvents, { accepted, settled }: Figures): string[] {
    const faults: string[] = [];
    const most = counts.accepted + counts.maybe;
    if (accepted < counts.accepted || accepted > most) {
      faults.push(`the agent counts ${accepted} events, from ${counts.accepted} to ${most} were taken in`);
    }
    if (settled > this.#storedCount) {
      faults.push(`the agent counts ${settled} as delivered, and ${this.#storedCount} arrived`);
    }
    return faults;
  }

  /** Behind a refused batch come those that were on their way, and no other before it has come again. */
  #watchRefusals(connection: FakeConnection, id: string, stored: boolean): void {
    const refused = this.#refused.get(connection) ?? new Map<string, number>();
    this.#refused.set(connection, refused);
    refused.delete(id);
    for (const [waiting, others] of refused) {
      refused.set(waiting, others + 1);
      if (others === WINDOW - 1) this.#blame(`${WINDOW} batches came before the refused ${waiting}`);
    }
    if (!stored) refused.set(id, 0);
  }

  /** As long as the agent lives, an event is sent again under the same id, or a hub could not drop the double. */
  #keepToOneMessage(life: string, id: string, names: readonly string[]): void {
    const messageOf = this.#messageOf.get(life) ?? new Map<string, string>();
    this.#messageOf.set(life, messageOf);
    for (const name of names) {
      const known = messageOf.get(name);
      if (known !== undefined && known !== id) {
        this.#blame(`${name} came in message ${known}, and again in ${id}`);
      }
      messageOf.set(name, id);
    }
  }

  #hear({ key, number }: NumberedEvent): void {
    const heard = this.#heard.get(key) ?? { numbers: new Set(), highest: -1 };
    this.#heard.set(key, heard);
    if (heard.numbers.has(number)) return;
    if (number < heard.highest) this.#blame(`${key}#${number} came first after ${key}#${heard.highest}`);
    heard.numbers.add(number);
    heard.highest = Math.max(heard.highest, number);
  }

  #store({ key, number }: NumberedEvent): void {
    const numbers = this.#stored.get(key) ?? new Set();
    this.#stored.set(key, numbers);
    if (!numbers.has(number)) this.#storedCount++;
    numbers.add(number);
  }

  #blame(violation: string): void {
    if (this.violations.length < MAX_TOLD) this.violations.push(violation);
  }
}

function hasAfter(numbers: ReadonlySet<number>, number: number): boolean {
  for (const other of numbers) if (other > number) return true;
  return false;
}

function numberedOf({ labels, attrs }: AlertEvent): NumberedEvent {
  return { key: labels["key"] ?? "", number: Number(attrs?.["n"]) };
}

/** Which life of the agent speaks on this connection. */
function lifeOf({ handshake }: FakeConnection): string {
  return handshake.headers["x-agent-token"] ?? "";
}
