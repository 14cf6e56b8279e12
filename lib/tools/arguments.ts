/** From what somebody typed, or a model wrote, to the arguments that a tool declares. */
import * as z from "zod/mini";
import { nearestName } from "./suggest.ts";
import type { ToolDefinition } from "./tool.ts";
import { ToolError } from "./tool_error.ts";

/** One argument of a tool, for listings. */
export interface ToolArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** What holds when it is left out, where something does. */
  readonly default?: string | number | boolean;
}

/** A flag: `true`, `false`, `yes`, `no`, `1`, `0` from a command line, a boolean from a model. */
export function flag(byDefault: boolean) {
  return z._default(z.union([z.boolean(), z.stringbool()]), byDefault);
}

/** A whole number from `min` to `max`, `byDefault` where it is left out. */
export function wholeNumber(byDefault: number, min: number, max: number) {
  return z._default(z.pipe(decimal(), z.int().check(z.minimum(min), z.maximum(max))), byDefault);
}

/** A process id, which has to be given. */
export function processId() {
  return z.pipe(decimal(), z.int().check(z.minimum(1), z.maximum(4_194_304)));
}

/** Unlike the platform's own reading of numbers: no `""`, no `true`, no `0x10`. */
function decimal() {
  return z.union([
    z.number(),
    z.pipe(z.string().check(z.regex(/^-?\d{1,15}$/, "must be a whole number")), z.transform(Number)),
  ]);
}

/** What a tool takes, in the order in which it declares it. */
export function argumentsOf(tool: ToolDefinition): ToolArgument[] {
  return Object.entries(tool.args).map(([name, schema]) => {
    const described = schema as z.ZodMiniType;
    const missing = described.safeParse(undefined);
    const value: unknown = missing.data;
    const hasDefault = ["string", "number", "boolean"].includes(typeof value);
    return {
      name,
      description: z.globalRegistry.get(schema)?.description ?? "",
      required: !missing.success,
      ...(hasDefault && { default: value as string | number | boolean }),
    };
  });
}

/**
 * Checks what came in against what `tool` declares.
 *
 * @throws ToolError `bad_arguments` for the first thing that is wrong: the message names the argument, never its value,
 * which may be a secret in the wrong place.
 */
export function parseArguments(tool: ToolDefinition, raw: Readonly<Record<string, unknown>>) {
  const names = Object.keys(tool.args);
  for (const [name, value] of Object.entries(raw)) {
    if (!Object.hasOwn(tool.args, name)) throw bad(tool, unknownArgument(name, names));
    if (!isPlain(value)) {
      throw bad(tool, `${name} must be a text, a number, true or false, or a list of those`);
    }
  }
  // Not the caller's object itself: it may have a prototype of its own.
  const result = attempt(tool, Object.fromEntries(Object.entries(raw)));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const name = String(issue?.path[0] ?? "");
  const isMissing = name !== "" && !Object.hasOwn(raw, name);
  throw bad(tool, isMissing ? `${name} is missing` : `${name} ${messageOf(issue)}`);
}

/** A schema that reads texts in a way of its own may throw over one. */
function attempt(tool: ToolDefinition, raw: Record<string, unknown>) {
  try {
    return z.strictObject(tool.args).safeParse(raw);
  } catch (cause) {
    throw new ToolError(
      "bad_arguments",
      `cannot run ${tool.name}: its arguments cannot be read; ${usageOf(tool)}`,
      {
        cause,
      },
    );
  }
}

function bad(tool: ToolDefinition, what: string): ToolError {
  return new ToolError("bad_arguments", `cannot run ${tool.name}: ${what}; ${usageOf(tool)}`);
}

/** `it takes pid, max_fds (optional)`. */
function usageOf(tool: ToolDefinition): string {
  const args = argumentsOf(tool).map(({ name, required }) => required ? name : `${name} (optional)`);
  return args.length === 0 ? "it takes no arguments" : `it takes ${args.join(", ")}`;
}

function unknownArgument(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  const shown = JSON.stringify(name.slice(0, 64));
  return `there is no argument ${shown}${nearest === undefined ? "" : `, did you mean ${nearest}?`}`;
}

function messageOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return "is not valid";
  // Of what may stand there, the form that says most: the text's, whose check got furthest.
  if (issue.code === "invalid_union") {
    const inner = issue.errors.flat().find(({ code }) => code !== "invalid_type");
    return inner === undefined ? "is of the wrong kind" : messageOf(inner);
  }
  const { message } = issue;
  return /^[A-Z]/.test(message) ? `is not valid (${message})` : message;
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.length <= 1000 && value.every((item) => !Array.isArray(item) && isPlain(item));
  }
  return typeof value === "string" || typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value));
}

/**
 * What a tool takes, as JSON schema: the form that models are told it in. Figures are numbers here, though a text with
 * the figure in it is taken too.
 */
export function argumentsSchema(tool: ToolDefinition): Record<string, unknown> {
  const { properties = {} } = z.toJSONSchema(z.object(tool.args), { io: "output", unrepresentable: "any" });
  return {
    type: "object",
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [name, typed(schema)]),
    ),
    required: argumentsOf(tool).filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  };
}

/** What is read from a text in a way of its own, as durations are, has no form but that of a text. */
function typed(schema: z.core.JSONSchema._JSONSchema): unknown {
  if (typeof schema === "boolean") return { type: "string" };
  const { anyOf, ...rest } = schema;
  const kinds = (anyOf ?? []).map((kind) => typeof kind === "boolean" ? undefined : kind.type);
  if (kinds.length > 0 && kinds.every((kind) => kind === "boolean")) return { ...rest, type: "boolean" };
  const isOpen = rest.type === undefined && anyOf === undefined && rest.enum === undefined &&
    rest.const === undefined;
  // A default that the schema has is of what the text becomes.
  if (!isOpen) return schema;
  const { default: _, ...open } = rest;
  return { ...open, type: "string" };
}
