/** The seam through which alert events leave the agent. */
import type { AlertEvent } from "../event.ts";

/** A destination of alert events. */
export interface Notifier {
  /** Names the destination in logs and figures. */
  readonly name: string;
  /**
   * Accepts one event. O(1), never blocks, never throws: whatever takes time happens behind it.
   * @returns whether the event was accepted for delivery.
   */
  forward(event: AlertEvent): boolean;
}
