/** What a check is, and what it finds. */
import type { EventStatus } from "../alerts/event.ts";

/** One thing that a check looked at. Findings with equal labels speak of the same problem. */
export interface Finding {
  /** `check` is `<plugin>::<dimension>`, `target` what was looked at. */
  readonly labels: Readonly<Record<string, string>> & { readonly check: string; readonly target: string };
  /** How bad it is; `Ok` where all is well. */
  readonly status: EventStatus;
  /** One short line: the figure, and the threshold it reached. */
  readonly description: string;
  /** What an event carries besides, for people. */
  readonly attrs: Readonly<Record<string, string>> & {
    /** The figure with its unit. */
    readonly current_value: string;
    /** The thresholds in words. */
    readonly threshold_desc: string;
  };
  /** The bare figure in the unit that {@linkcode attrs} tells; missing where a finding is a state. */
  readonly value?: number;
  /** For reports: what the figure was computed from. */
  readonly detail?: string;
  /**
   * It tells of something that happened (a line in a log), not of a state: the next quiet gather does not end it, the
   * engine does, once nothing of the kind was found for the check's `hold`.
   */
  readonly momentary?: boolean;
}

/** Looks at one target. Made anew it knows nothing of earlier gathers. */
export interface Check {
  /** The name that configuration and sessions use; several checks may share it, one for each target. */
  readonly plugin: string;
  /** What it looks at: a failure to look is reported under it. */
  readonly target: string;
  /**
   * Looks now. One call at a time.
   * @returns what there is to say, also where all is well: an `Ok` is what ends an alert.
   * @throws FactUnavailableError when the host does not let it look; anything else is a failure.
   */
  gather(signal: AbortSignal): Promise<Finding[]>;
}
