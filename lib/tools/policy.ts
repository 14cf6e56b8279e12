/** Which tools may be run: the host's own word. */
import { matchesText } from "../host/text_glob.ts";
import type { ToolReach } from "./tool.ts";

/** What a remote session may use unless the configuration says otherwise: nothing that lets a hub reach out from here. */
export const DEFAULT_REMOTE_TOOLS: readonly string[] = ["reach:host", "reach:files", "reach:service"];

/** What is wrong with a pattern; undefined where nothing is. */
export function patternProblem(pattern: string): string | undefined {
  try {
    parseRule(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What a policy looks at. */
export interface PolicySubject {
  readonly name: string;
  readonly family: string;
  readonly reach: ToolReach;
}

interface Rule {
  readonly pattern: string;
  readonly denies: boolean;
  matches(tool: PolicySubject): boolean;
}

const REACHES: readonly string[] = ["host", "files", "network", "service", "program"] satisfies ToolReach[];

const PATTERN = /^(?:(family|reach):)?([a-z0-9_*]{1,64})$/;

/**
 * An immutable policy made of patterns: a tool's name (`disk_overview`), a name with `*` in it (`disk_*`),
 * `family:NAME`, or `reach:NAME`. One that begins with `!` denies, and wins over all that allow; what no pattern allows
 * is not allowed. Only a pattern that the operator wrote can admit tools that reach out (`reach:network`) or run
 * programs; `*` is such a pattern.
 */
export class ToolPolicy {
  readonly #rules: readonly Rule[];
  readonly #within: ToolPolicy | undefined;

  /** @throws RangeError for a pattern that is none. */
  constructor(patterns: readonly string[] = DEFAULT_REMOTE_TOOLS, within?: ToolPolicy) {
    this.#rules = patterns.map(parseRule);
    this.#within = within;
  }

  /** Admits every tool: for the operator who sits at the host. */
  static all(): ToolPolicy {
    return new ToolPolicy(["*"]);
  }

  /** Whether `tool` may be run. */
  allows(tool: PolicySubject): boolean {
    const matching = this.#rules.filter((rule) => rule.matches(tool));
    return matching.length > 0 && matching.every(({ denies }) => !denies) &&
      (this.#within?.allows(tool) ?? true);
  }

  /** A policy that admits what both this one and `patterns` admit: never more than this one. */
  narrow(patterns: readonly string[]): ToolPolicy {
    return new ToolPolicy(patterns, this);
  }

  /** The patterns that no tool of `tools` matches: most likely mistyped. */
  unmatched(tools: readonly PolicySubject[]): string[] {
    return this.#rules.filter((rule) => !tools.some((tool) => rule.matches(tool))).map(({ pattern }) =>
      pattern
    );
  }
}

function parseRule(pattern: string): Rule {
  const denies = pattern.startsWith("!");
  const match = PATTERN.exec(denies ? pattern.slice(1) : pattern);
  const [, kind, text = ""] = match ?? [];
  if (match === null || (kind === "reach" && !REACHES.includes(text))) {
    throw new RangeError(
      `cannot read the tool pattern ${JSON.stringify(pattern)}: it has to be a tool's name, a name with *, ` +
        `family:NAME or reach:NAME (${REACHES.join(", ")}), with a ! before it to deny`,
    );
  }
  return {
    pattern,
    denies,
    matches: (tool) =>
      matchesText(kind === "family" ? tool.family : kind === "reach" ? tool.reach : tool.name, text),
  };
}
