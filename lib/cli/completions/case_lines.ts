/** The branches of `case` that bash and zsh have in common. */
import type { Place, ValueKind } from "./word_tree.ts";

/** From one place, kept in the shell's `variable`, to the next, and into an option's value. */
export function stepLines({ path, commands, options }: Place, variable: string): string[] {
  const inner = path === "" ? commands : commands.filter(({ text }) => text !== "help");
  return [
    ...inner.map(({ text }) =>
      `      "${path}:${text}") ${variable}="${path === "" ? text : `${path} ${text}`}" ;;`
    ),
    ...options.filter(({ value }) => value !== undefined).map(({ names }) =>
      `      ${names.map((name) => `"${path}:${name}"`).join(" | ")}) option=$word ;;`
    ),
  ];
}

/** What completes the values of a place's options. */
export function valueLines({ path, options }: Place, complete: (kind: ValueKind) => string): string[] {
  return options.flatMap(({ names, value }) =>
    value === undefined
      ? []
      : [`    ${names.map((name) => `"${path}:${name}"`).join(" | ")}) ${complete(value)}return ;;`]
  );
}
