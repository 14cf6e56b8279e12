/** How a tool's run can end without a result. */

/**
 * `unknown_tool`: there is none of that name. `not_allowed`: the policy does not admit it. `bad_arguments`: they do not
 * fit what it declares. `unavailable`: the host does not let it look, or it is still at work from before. `timed_out`:
 * it took longer than a tool may. `failed`: anything else.
 */
export type ToolErrorKind =
  | "unknown_tool"
  | "not_allowed"
  | "bad_arguments"
  | "unavailable"
  | "timed_out"
  | "failed";

/** A run that has no result. The message is one line, fit for the operator, without secrets. */
export class ToolError extends Error {
  override readonly name = "ToolError";
  /** What callers branch on. */
  readonly kind: ToolErrorKind;

  constructor(kind: ToolErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
