/** The default chat: no model, so no conversation, but the host's figures for the asking. */
import { builtInChecks } from "../checks/built_in.ts";
import type { Check } from "../checks/check.ts";
import type { Clock } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { ChatHandle, ChatRequest, ChatRunner, StreamCallback } from "../sessions/runners.ts";
import { observationLines, observe, pluginsOf } from "./figures.ts";
import { verdict } from "./report.ts";

/** Options of {@linkcode FiguresChat}. */
export interface FiguresChatOptions {
  host: HostFacts;
  clock: Clock;
  /**
   * Makes the checks to run, fresh ones for each turn.
   * @default the built-in checks with their default thresholds
   */
  makeChecks?: () => readonly Check[];
  /**
   * How long one check may take.
   * @default 10000
   */
  deadlineMs?: number;
}

const ASKS_FOR_ALL = /\b(status|report|overview|health|figures?|checks?|system|everything|all)\b/i;
const ASKS_FOR_HELP = /\b(help|commands?)\b|^\s*\?\s*$/i;
/** What people call what the built-in checks look at. */
const ASKS_FOR: Readonly<Record<string, RegExp>> = {
  cpu: /\b(cpus?|processors?)\b/i,
  load: /\b(load|loadavg)\b/i,
  mem: /\b(mem|memory|ram)\b/i,
  disk: /\b(disks?|space|storage|file ?systems?)\b/i,
};

/** Answers with fresh figures. Any number of chats may be open at once. */
export class FiguresChat implements ChatRunner {
  readonly #clock: Clock;
  readonly #makeChecks: () => readonly Check[];
  readonly #deadlineMs: number;

  constructor(options: FiguresChatOptions) {
    const { host, clock, makeChecks = () => builtInChecks({ host, clock }), deadlineMs = 10_000 } = options;
    this.#clock = clock;
    this.#makeChecks = makeChecks;
    this.#deadlineMs = deadlineMs;
  }

  open(_request: ChatRequest, signal: AbortSignal): Promise<ChatHandle> {
    let first = true;
    const turn: ChatHandle["turn"] = async (message, stream, signal) => {
      const reply = await this.#reply(message, stream, signal, first);
      first = false;
      return reply;
    };
    return signal.aborted ? Promise.reject(signal.reason) : Promise.resolve({ turn });
  }

  async #reply(
    message: string,
    stream: StreamCallback,
    signal: AbortSignal,
    first: boolean,
  ): Promise<string> {
    const checks = this.#makeChecks();
    const names = pluginsOf(checks);
    const wanted = ASKS_FOR_HELP.test(message) ? [] : asked(message, names);
    const introduction = first ? "No model is configured on this host, so there is no conversation. " : "";
    if (wanted.length === 0) return `${introduction}${abilities(names)}`;
    const observations = await observe(
      checks.filter((check) => wanted.includes(check.plugin)),
      { clock: this.#clock, deadlineMs: this.#deadlineMs },
      stream,
      signal,
    );
    const lines = observations.flatMap((observation) =>
      observationLines(observation).map((line) => `- ${observation.plugin}: ${line}`)
    );
    return [introduction && `${introduction}The figures now:`, ...lines, "", verdict(observations)]
      .join("\n").trim();
  }
}

/** The checks that a message names; all of them where it asks for everything. */
function asked(message: string, names: readonly string[]): readonly string[] {
  const named = names.filter((name) => ASKS_FOR[name]?.test(message) ?? words(message).includes(name));
  return named.length === 0 && ASKS_FOR_ALL.test(message) ? names : named;
}

function words(message: string): string[] {
  return message.toLowerCase().split(/[^\p{L}\p{N}_-]+/u);
}

function abilities(names: readonly string[]): string {
  return `Ask for ${names.join(", ")}, or for a status of all, and it is measured and told.`;
}
