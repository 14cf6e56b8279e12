import type { Logger } from "@logtape/logtape";
import type { Heartbeat } from "../protocol/mod.ts";
import type { ConnectionEnd } from "./connection_end.ts";

/** What happens to the link, as told to whoever wants to show it. Discriminated on `type`. */
export type ConnectionEvent =
  | { readonly type: "connecting"; readonly hub: string }
  | { readonly type: "registered"; readonly hub: string; readonly capabilities: readonly string[] }
  | { readonly type: "heartbeat"; readonly heartbeat: Heartbeat }
  | { readonly type: "ended"; readonly hub: string; readonly end: ConnectionEnd }
  | { readonly type: "waiting"; readonly delayMs: number };

/** Tells a listener. A listener that throws is logged and otherwise ignored. */
export function tell<Event>(
  listener: ((event: Event) => void) | undefined,
  event: Event,
  logger: Logger,
): void {
  try {
    listener?.(event);
  } catch (error) {
    logger.error("listener.threw", { error });
  }
}
