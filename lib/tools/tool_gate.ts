/** What each run of a tool has to pass where somebody keeps account of it. */
import type { ToolErrorKind } from "./tool_error.ts";

/** Asked before each run, told of its end. Any number of runs may be under way at once. */
export interface ToolGate {
  /**
   * Called before anything is done, also for a tool that there is none of.
   *
   * @throws ToolError when it must not run.
   */
  enter(tool: string, args: Readonly<Record<string, unknown>>): Promise<ToolPass>;
}

/** One run that was let in. */
export interface ToolPass {
  /**
   * Called once, when the run is over, before anybody hears of its result.
   *
   * @throws ToolError when nobody may.
   */
  leave(end: ToolEnd): Promise<void>;
}

/** What a run came to. */
export interface ToolEnd {
  /** `ok`: there is a result. */
  readonly status: "ok" | "cancelled" | ToolErrorKind;
  /** Of the result's text, in UTF-8. */
  readonly bytes: number;
  /** One line, where there is no result. */
  readonly error?: string;
}
