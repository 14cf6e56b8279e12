/** What remote sessions do, as it is written down: who asked for what, what was refused, what ran. */
import { getLogger, type Logger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import { KnownSecrets } from "../host/known_secrets.ts";
import { finishData, finishText } from "../tools/output.ts";
import type { ToolEnd } from "../tools/tool_gate.ts";
import type { AuditAnchor, AuditEvent } from "./audit/line.ts";
import type { SessionUse } from "./limits.ts";
import { Quota } from "./quota.ts";

/** Where entries go: the audit log. */
export interface AuditWriter {
  /** @throws Error when they are not on the disk. */
  append(...events: readonly AuditEvent[]): Promise<void>;
  /** Where it ends; undefined where that is not known now. */
  readonly head?: AuditAnchor | undefined;
}

/** Options of {@linkcode SessionAudit}. */
export interface SessionAuditOptions {
  log: AuditWriter;
  clock: Clock;
  /** Which hub the connection is to. */
  hub: () => string;
  /** How many refusals are written down within a minute; those beyond are counted. @default 60 */
  maxRefusalsPerMinute?: number;
  /** What no entry may show, asked for each. @default none is known by its value */
  secrets?: () => KnownSecrets;
  /** @default getLogger(["pawl", "audit"]) */
  logger?: Logger;
}

/** Whose session it is. Foreign text, all of it. */
export interface SessionWho {
  readonly session: string;
  readonly type: string;
  readonly user: string;
  /** The key that the start was signed with, where it had to be. */
  readonly key?: string | undefined;
  /** What is to be looked at. */
  readonly plugin?: string | undefined;
  readonly target?: string | undefined;
}

/** How a session ended. */
export interface SessionEnd {
  readonly outcome: "finished" | "failed" | "cancelled" | "abandoned" | "limited";
  readonly reason?: string | undefined;
  readonly durationMs: number;
  readonly use: SessionUse;
}

/** A message that was refused within a session. */
export interface RefusedInput {
  readonly type: string;
  readonly session: string;
  readonly key: string;
  readonly reason: string;
}

/** A tool run, while it is under way. */
export interface ToolCall {
  readonly who: SessionWho;
  /** Counts the session's runs, from 1. */
  readonly call: number;
  readonly tool: string;
}

const NO_SECRETS = new KnownSecrets([]);
const MAX_TEXT_BYTES = 256;
const MAX_ARGS_BYTES = 1024;

/** Writes entries. All of it may be called any number of times at once. */
export class SessionAudit {
  readonly #log: AuditWriter;
  readonly #hub: () => string;
  readonly #refusals: Quota;
  readonly #secrets: () => KnownSecrets;
  readonly #logger: Logger;
  #unlisted = 0;

  constructor(options: SessionAuditOptions) {
    const { log, clock, hub, maxRefusalsPerMinute = 60, secrets = () => NO_SECRETS } = options;
    const { logger = getLogger(["pawl", "audit"]) } = options;
    this.#secrets = secrets;
    this.#log = log;
    this.#hub = hub;
    this.#logger = logger;
    this.#refusals = new Quota({ clock, max: maxRefusalsPerMinute, windowMs: 60_000 });
  }

  /** A session may begin once this has resolved. @throws Error when it is not written down: it must not begin. */
  async started(who: SessionWho): Promise<void> {
    await this.#append({ event: "session.asked", ...this.#fieldsOf(who) }, {
      event: "session.started",
      session: text(who.session),
    });
  }

  /**
   * A session that does not begin. Resolves in any case: what is refused stays refused. A hub that asks without end must
   * not push out what was written before: of many refusals, some are but counted.
   */
  async refused(who: SessionWho, reason: string): Promise<void> {
    await this.#refusal({ event: "session.refused", ...this.#fieldsOf(who), reason: text(reason) });
  }

  /** A message that is refused within a session. Resolves in any case. */
  async inputRefused({ type, session, key, reason }: RefusedInput): Promise<void> {
    await this.#refusal({
      event: "message.refused",
      hub: text(this.#hub()),
      message: text(type),
      session: text(session),
      ...(key !== "" && { key: text(key) }),
      reason: text(reason),
    });
  }

  /** A session is over. Resolves in any case. */
  async ended(who: SessionWho, { outcome, reason, durationMs, use }: SessionEnd): Promise<void> {
    const { session, type, user } = this.#fieldsOf(who);
    await this.#attempt({
      event: "session.ended",
      ...{ session, type, user, outcome },
      ...(reason !== undefined && { reason: text(reason) }),
      duration_ms: durationMs,
      ...{ turns: use.turns, tool_runs: use.toolRuns, output_bytes: use.outputBytes },
    });
    // Wherever the agent's log goes, this goes with it: whoever rewrites the files cannot rewrite that.
    if (this.#log.head !== undefined) this.#logger.info("audit.head", { ...this.#log.head });
  }

  /** A tool may run once this has resolved. @throws Error when it is not written down: it must not run. */
  async toolAsked(call: ToolCall, args: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#append({ event: "tool.asked", ...fieldsOfCall(call), args: shownArgs(args) });
  }

  /** A tool that does not run. Resolves in any case. */
  async toolRefused(call: ToolCall, args: Readonly<Record<string, unknown>>, reason: string): Promise<void> {
    await this.#attempt({
      event: "tool.refused",
      ...fieldsOfCall(call),
      args: shownArgs(args),
      reason: text(reason),
    });
  }

  /** A tool's result may be used once this has resolved. @throws Error when it is not written down. */
  async toolEnded(call: ToolCall, end: ToolEnd, durationMs: number): Promise<void> {
    await this.#append({
      event: "tool.ended",
      ...fieldsOfCall(call),
      status: end.status,
      duration_ms: durationMs,
      bytes: end.bytes,
      ...(end.error !== undefined && { error: text(end.error) }),
    });
  }

  #fieldsOf({ session, type, user, key, plugin, target }: SessionWho) {
    return {
      hub: text(this.#hub()),
      session: text(session),
      type: text(type),
      user: text(user),
      ...(key && { key: text(key) }),
      ...(plugin && { plugin: text(plugin) }),
      ...(target && { target: text(target) }),
    };
  }

  async #refusal(event: AuditEvent): Promise<void> {
    if (!this.#refusals.take()) this.#unlisted++;
    else await this.#attempt(event);
  }

  async #attempt(event: AuditEvent): Promise<void> {
    await this.#append(event).catch(() => {}); // the log has told already that it cannot be written
  }

  async #append(...events: AuditEvent[]): Promise<void> {
    const unlisted = this.#unlisted;
    this.#unlisted = 0;
    if (unlisted > 0) events.unshift({ event: "refusals.unlisted", count: unlisted });
    try {
      await this.#log.append(...this.#secrets().maskAll(events));
    } catch (error) {
      this.#unlisted += unlisted;
      throw error;
    }
  }
}

function fieldsOfCall({ who, call, tool }: ToolCall) {
  return { session: text(who.session), user: text(who.user), call, tool: text(tool) };
}

/** Foreign text: inert, masked, one line, short. */
function text(foreign: string): string {
  const line = foreign.slice(0, 8 * MAX_TEXT_BYTES).replaceAll(/\s+/g, " ");
  return finishText(line, MAX_TEXT_BYTES).text.replaceAll("\n", " ");
}

/** Arguments, masked; of very long ones, the start of their JSON. */
function shownArgs(args: Readonly<Record<string, unknown>>): unknown {
  const entries = Object.entries(args).slice(0, 64);
  const shown = finishData(
    Object.fromEntries(
      entries.map((
        [name, value],
      ) => [name, typeof value === "string" ? value.slice(0, 2 * MAX_ARGS_BYTES) : value]),
    ),
  );
  const json = JSON.stringify(shown);
  return json.length <= MAX_ARGS_BYTES ? shown : finishText(json, MAX_ARGS_BYTES).text;
}
