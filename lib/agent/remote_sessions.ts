/** The agent's part in operators' sessions: who is let in, what does the work, and what is written down. */
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { Runners } from "../diagnose/lazy_runners.ts";
import { KnownSecrets } from "../host/known_secrets.ts";
import { SessionAudit } from "../sessions/audit.ts";
import { AuditLog } from "../sessions/audit/log.ts";
import { Dispatcher } from "../sessions/dispatcher.ts";
import { SessionLimiter } from "../sessions/limiter.ts";
import { ReplaceableLimiter } from "../sessions/replaceable_limiter.ts";
import { DEFAULT_REMOTE_SETTINGS, RemotePolicy } from "../sessions/remote_policy.ts";
import type { SessionFigures } from "../sessions/session_figures.ts";
import { SignatureGate } from "../sessions/signature.ts";
import type { AgentChanges, AgentOptions } from "./agent_options.ts";

/** Options of {@linkcode RemoteSessions}. */
export interface RemoteSessionsOptions {
  agent: AgentOptions;
  clock: Clock;
  /** What does the work where the agent's options name nothing else; asked anew for each session. */
  runners: () => Runners;
  /** The hub that sessions come from, for the audit. */
  hub: () => string;
}

/** Dispose of it at the end: it waits until the ends of the last sessions are written down. */
export class RemoteSessions implements AsyncDisposable {
  /** Runs them. */
  readonly dispatcher: Dispatcher;
  readonly #limiter: ReplaceableLimiter;
  readonly #signatures: SignatureGate;
  readonly #policy: RemotePolicy;
  readonly #auditLog: AuditLog | undefined;
  #secrets: KnownSecrets;

  constructor({ agent, clock, runners, hub }: RemoteSessionsOptions) {
    const { stateDir } = agent;
    this.#limiter = new ReplaceableLimiter(agent.limiter ?? new SessionLimiter());
    this.#signatures = new SignatureGate({
      agentId: agent.agentId,
      keys: agent.trustedKeys ?? [],
      path: stateDir === undefined ? undefined : join(stateDir, "signatures.db"),
      clock,
    });
    this.#secrets = new KnownSecrets(agent.tools?.secrets ?? []);
    this.#policy = new RemotePolicy(clock, { ...DEFAULT_REMOTE_SETTINGS, ...agent.remote });
    this.#auditLog = stateDir === undefined
      ? undefined
      : new AuditLog({ folder: join(stateDir, "audit"), clock, ...agent.audit });
    const audit = this.#auditLog &&
      new SessionAudit({ log: this.#auditLog, clock, hub, secrets: () => this.#secrets });
    this.dispatcher = new Dispatcher({
      signatures: this.#signatures,
      diagnoseRunner: agent.diagnoseRunner === null
        ? undefined
        : agent.diagnoseRunner ?? { run: (...args) => runners().diagnose.run(...args) },
      chatRunner: agent.chatRunner === null
        ? undefined
        : agent.chatRunner ?? { open: (...args) => runners().chat.open(...args) },
      limiter: this.#limiter,
      clock,
      policy: this.#policy,
      audit,
      ...(agent.chatIdleMs !== undefined && { chatIdleMs: agent.chatIdleMs }),
    });
  }

  /** How many are at work. */
  get active(): number {
    return this.dispatcher.activeSessions;
  }

  /** How many may be at work at once. */
  get limit(): number {
    return this.#limiter.limit;
  }

  /** What they came to so far. */
  get figures(): SessionFigures {
    return this.dispatcher.figures;
  }

  /** Whether a session needs a signature: this is agreed on at registration. */
  get signed(): boolean {
    return this.#signatures.required;
  }

  /**
   * Changes what `changes` names, for sessions that begin from now on.
   * @param agent all options, changes included
   */
  reconfigure(changes: Partial<AgentChanges>, agent: AgentOptions): void {
    this.#secrets = new KnownSecrets(agent.tools?.secrets ?? []);
    if (changes.limiter !== undefined) this.#limiter.replace(changes.limiter);
    if ("remote" in changes) this.#policy.configure({ ...DEFAULT_REMOTE_SETTINGS, ...agent.remote });
    if (changes.audit !== undefined) this.#auditLog?.configure(changes.audit);
    if (changes.chatIdleMs !== undefined) this.dispatcher.reconfigure({ chatIdleMs: changes.chatIdleMs });
    if ("trustedKeys" in changes) this.#signatures.trust(agent.trustedKeys ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#auditLog?.settled();
    this.#signatures[Symbol.dispose]();
  }
}
