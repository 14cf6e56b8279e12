/** What the tools of one session have to pass: they are counted, and written down before they run. */
import type { Clock } from "../clock.ts";
import { ToolError } from "../tools/tool_error.ts";
import type { ToolEnd, ToolGate, ToolPass } from "../tools/tool_gate.ts";
import type { SessionAudit, SessionWho, ToolCall } from "./audit.ts";
import type { SessionMeter } from "./limits.ts";
import type { RemotePolicy } from "./remote_policy.ts";

/** What every refusal by the host's own word begins with. */
export const NOT_ALLOWED = "not allowed by host policy: ";

/** What is not allowed while the audit log is out of order. */
export const NO_AUDIT = "the audit log cannot be written";

/** Options of {@linkcode SessionToolGate}. */
export interface SessionToolGateOptions {
  who: SessionWho;
  clock: Clock;
  meter: SessionMeter;
  policy: RemotePolicy;
  audit: SessionAudit | undefined;
  /** Whether the session still wants answers. */
  isOpen: () => boolean;
}

/** One for each session. */
export class SessionToolGate implements ToolGate {
  readonly #options: SessionToolGateOptions;
  #calls = 0;
  #toldOfLimit = false;

  constructor(options: SessionToolGateOptions) {
    this.#options = options;
  }

  async enter(tool: string, args: Readonly<Record<string, unknown>>): Promise<ToolPass> {
    const { who, clock, meter, policy, audit, isOpen } = this.#options;
    if (!isOpen()) throw over(tool);
    const limit = meter.toolRun() ?? this.#hourly(policy);
    const call: ToolCall = { who, tool, call: ++this.#calls };
    if (limit !== undefined) {
      // Once: a runner that tries on and on must not fill the log.
      if (!this.#toldOfLimit) void audit?.toolRefused(call, args, `more than ${limit}`);
      this.#toldOfLimit = true;
      throw new ToolError("not_allowed", `${NOT_ALLOWED}more than ${limit}`);
    }
    try {
      await audit?.toolAsked(call, args);
    } catch (error) {
      throw new ToolError("not_allowed", `${NOT_ALLOWED}${NO_AUDIT}`, { cause: error });
    }
    const startMs = clock.monotonicMs();
    const leave = async (end: ToolEnd) => {
      try {
        await audit?.toolEnded(call, end, Math.round(clock.monotonicMs() - startMs));
      } catch (error) {
        throw new ToolError("not_allowed", `${NOT_ALLOWED}${NO_AUDIT}`, { cause: error });
      }
    };
    if (!isOpen()) {
      await leave({ status: "cancelled", bytes: 0 });
      throw over(tool);
    }
    return { leave };
  }

  #hourly(policy: RemotePolicy): string | undefined {
    const limit = policy.countToolRun();
    if (limit !== undefined) this.#options.meter.spend(limit);
    return limit;
  }
}

function over(tool: string): ToolError {
  return new ToolError("not_allowed", `cannot run ${tool.slice(0, 64)}: the session is over`);
}
