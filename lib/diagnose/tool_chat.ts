/** The default chat: no model, so no conversation, but the host's figures and tools for the asking. */
import type { Check } from "../checks/check.ts";
import type { Clock } from "../clock.ts";
import type { ChatHandle, ChatRequest, ChatRunner, StreamCallback } from "../sessions/runners.ts";
import { suggest } from "../tools/suggest.ts";
import type { ToolGate } from "../tools/tool_gate.ts";
import { EvidenceSet } from "./evidence.ts";
import { checkSteps, observationLines, pluginsOf } from "./figures.ts";
import { gapOf } from "./gap.ts";
import { verdict } from "./report.ts";
import { runSteps, type Step } from "./steps.ts";
import { parseToolCommand, type ToolCommand } from "./tool_command.ts";
import { gated, NO_TOOLS, type OfferedTool, type ToolRunner } from "./tool_runner.ts";
import { inlineText, quotedBlock } from "./untrusted_text.ts";

/** Options of {@linkcode ToolChat}. */
export interface ToolChatOptions {
  clock: Clock;
  /** Makes the checks to run, fresh ones for each turn. */
  makeChecks: () => readonly Check[];
  /**
   * The tools that may be run.
   * @default none
   */
  tools?: ToolRunner;
  /**
   * How long one check or tool may take.
   * @default 10000
   */
  deadlineMs?: number;
  /**
   * The most of a tool's answer that a reply quotes, in bytes of UTF-8.
   * @default 16384
   */
  maxQuotedBytes?: number;
}

const ASKS_FOR_ALL = /\b(status|report|overview|health|figures?|checks?|system|everything|all)\b/i;
const ASKS_FOR_HELP = /^\s*(\?|help|commands?|tools?)[\s?!.]*$/i;
/** What people call what the checks look at. */
const ASKS_FOR: Readonly<Record<string, RegExp>> = {
  cpu: /\b(cpus?|processors?|load|loadavg)\b/i,
  mem: /\b(mem|memory|ram)\b/i,
  disk: /\b(disks?|space|storage|file ?systems?)\b/i,
};

/** Answers with fresh figures and what tools say. Any number of chats may be open at once. */
export class ToolChat implements ChatRunner {
  readonly #clock: Clock;
  readonly #makeChecks: () => readonly Check[];
  readonly #tools: ToolRunner;
  readonly #deadlineMs: number;
  readonly #maxQuotedBytes: number;

  constructor(options: ToolChatOptions) {
    const {
      clock,
      makeChecks,
      tools = NO_TOOLS,
      deadlineMs = 10_000,
      maxQuotedBytes = 16_384,
    } = options;
    this.#clock = clock;
    this.#makeChecks = makeChecks;
    this.#tools = tools;
    this.#deadlineMs = deadlineMs;
    this.#maxQuotedBytes = maxQuotedBytes;
  }

  open(request: ChatRequest, signal: AbortSignal): Promise<ChatHandle> {
    let introduction = "No model is configured on this host, so there is no conversation. ";
    const turn: ChatHandle["turn"] = async (message, stream, signal) => {
      const reply = await this.#reply(message, request.gate, stream, signal);
      const first = introduction;
      introduction = "";
      return first + reply;
    };
    return signal.aborted ? Promise.reject(signal.reason) : Promise.resolve({ turn });
  }

  async #reply(
    message: string,
    gate: ToolGate | undefined,
    stream: StreamCallback,
    signal: AbortSignal,
  ): Promise<string> {
    const runner = gated(this.#tools, gate);
    const tools = runner.list();
    if (ASKS_FOR_HELP.test(message)) return this.#help(tools);
    if (message.trimStart().startsWith("?")) return fitting(message, tools);
    let command: ToolCommand | undefined;
    try {
      command = parseToolCommand(message);
    } catch (error) {
      return inlineText(error instanceof Error ? error.message : String(error), 500);
    }
    if (command !== undefined && tools.some(({ name }) => name === command.name)) {
      return await this.#runTool(command, runner, stream, signal);
    }
    const isCall = command !== undefined &&
      (command.name.includes("_") || Object.keys(command.args).length > 0);
    if (command !== undefined && isCall) {
      const refusal = gate && await refusalOf(command, runner, signal);
      if (refusal !== undefined) return refusal;
      return unknownTool(command.name, tools);
    }
    const checks = this.#makeChecks();
    const names = pluginsOf(checks);
    const wanted = asked(message, names);
    if (wanted.length === 0) return tools.length === 0 ? this.#help(tools) : fitting(message, tools);
    return await this.#figures(checks.filter(({ plugin }) => wanted.includes(plugin)), stream, signal);
  }

  async #figures(checks: readonly Check[], stream: StreamCallback, signal: AbortSignal): Promise<string> {
    const steps = checkSteps(checks, { clock: this.#clock, deadlineMs: this.#deadlineMs });
    const outcomes = await this.#look(steps, stream, signal);
    const observations = outcomes.flatMap(({ answer }) => answer?.value.observations ?? []);
    const lines = observations.flatMap((observation) =>
      observationLines(observation).map((line) => `- ${observation.plugin}: ${inlineText(line, 1000)}`)
    );
    const correlation = {
      conclusions: [],
      unexplained: observations.flatMap(({ findings }) => findings).filter(({ status }) => status !== "Ok"),
    };
    const all = { observations, correlation, evidence: new EvidenceSet([]) };
    return ["The figures now:", ...lines, "", inlineText(verdict(all), 2000)].join("\n");
  }

  async #runTool(
    { name, args }: ToolCommand,
    runner: ToolRunner,
    stream: StreamCallback,
    signal: AbortSignal,
  ): Promise<string> {
    const step: Step<void> = {
      name,
      args,
      why: "",
      run: async (on) => ({ text: (await runner.run(name, args, on)).text, value: undefined }),
    };
    const [outcome] = await this.#look([step], stream, signal);
    if (outcome?.answer === undefined) {
      return `\`${name}\` has no answer: ${inlineText(outcome?.gap?.message ?? "", 1000)}`;
    }
    const { text } = outcome.answer;
    return `\`${name}\`:\n\n${quotedBlock(text, this.#maxQuotedBytes)}`;
  }

  /** A chat's turn is a step or a few, without a reason that has to be told. */
  #look<T>(steps: readonly Step<T>[], stream: StreamCallback, signal: AbortSignal) {
    const quiet: StreamCallback = (stage, text) =>
      stage === "thinking" ? Promise.resolve() : stream(stage, text);
    const options = {
      clock: this.#clock,
      stepDeadlineMs: this.#deadlineMs + 1000,
      over: new AbortController().signal,
    };
    return runSteps(steps, options, quiet, signal);
  }

  #help(tools: readonly OfferedTool[]): string {
    const names = pluginsOf(this.#makeChecks());
    const figures = `Ask for ${names.join(", ")}, or for a status of all, and it is measured and told.`;
    if (tools.length === 0) return figures;
    const families = [...Map.groupBy(tools, ({ family }) => family)].map(([family, members]) =>
      `- ${family}: ${members.map(({ name }) => `\`${name}\``).join(", ")}`
    );
    return [
      `${figures} Or run a tool by its name, with arguments such as \`path=/data\`; \`? disk full\` names those ` +
      "that fit. This host offers:",
      "",
      ...families,
    ].join("\n");
  }
}

/** The tools that fit the words. */
function fitting(message: string, tools: readonly OfferedTool[]): string {
  const fits = suggest(message.replace(/^\s*\?/, ""), tools, 5);
  if (fits.length === 0) {
    return "No tool fits those words. `?` lists all tools, `status` tells the figures.";
  }
  const lines = fits.map(({ name, description }) => `- \`${name}\`: ${inlineText(description)}`);
  return ["These tools may tell; run one by its name:", "", ...lines].join("\n");
}

/** Asks for a tool that is not offered: who keeps account of what is tried hears of it, and the host gives its reason. */
async function refusalOf(
  { name, args }: ToolCommand,
  runner: ToolRunner,
  signal: AbortSignal,
): Promise<string | undefined> {
  const error = await runner.run(name, args, signal).then(() => undefined, (error) => error);
  signal.throwIfAborted();
  const { kind, message } = gapOf(error);
  return kind === "unavailable" ? `${inlineText(message, 500)}.` : undefined;
}

function unknownTool(name: string, tools: readonly OfferedTool[]): string {
  const near = suggest(name, tools, 3).map((tool) => `\`${tool.name}\``).join(" or ");
  const hint = near === "" ? "`?` lists those there are." : `Did you mean ${near}?`;
  return `This host offers no tool ${inlineText(name, 64)}. ${hint}`;
}

/** The checks that a message names; all of them where it asks for everything. */
function asked(message: string, names: readonly string[]): readonly string[] {
  const words = message.toLowerCase().split(/[^\p{L}\p{N}_-]+/u);
  const named = names.filter((name) => ASKS_FOR[name]?.test(message) ?? words.includes(name));
  return named.length === 0 && ASKS_FOR_ALL.test(message) ? names : named;
}
