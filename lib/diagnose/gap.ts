/** Why something could not be seen. */
import { FactUnavailableError } from "../host/host_facts.ts";

/**
 * `unavailable`: the host or its policy does not let it look; that is final. `not_begun`: the time was over before.
 */
export type GapKind = "unavailable" | "timed_out" | "failed" | "not_begun";

/** That there is no answer. */
export interface Gap {
  readonly kind: GapKind;
  /** Foreign text. */
  readonly message: string;
}

/**
 * What many gaps of one run have in common: all of the message but what was to be read. Undefined where it says
 * nothing of a remedy.
 */
export function remedyOf({ kind, message }: Gap): string | undefined {
  const [, rest] = /^cannot [^:]{1,200}: (.+; .+)$/s.exec(message) ?? [];
  return kind === "unavailable" ? rest : undefined;
}

/** What an error of a tool or a check comes to. */
export function gapOf(error: unknown): Gap {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const kind = error instanceof Error && "kind" in error ? error.kind : undefined;
  if (error instanceof FactUnavailableError || kind === "unavailable" || kind === "not_allowed") {
    return { kind: "unavailable", message };
  }
  const late = kind === "timed_out" || (error instanceof Error && error.name === "TimeoutError");
  return { kind: late ? "timed_out" : "failed", message };
}
