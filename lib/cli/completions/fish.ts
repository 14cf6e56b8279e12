/** Completions for fish, 3.0 or newer. */
import type { OptionWord, Place, ValueKind } from "./word_tree.ts";

/** A script to source, or to put into a folder of completions. */
export function fishCompletions(places: readonly Place[]): string {
  return `# fish completion for pawl
function __pawl_at --description 'Whether the commands written so far are these'
  set -l place
  set -l option
  for word in (commandline -opc)[2..-1]
    if test -n "$option"
      set option
      continue
    end
    switch "$place:$word"
${places.flatMap(stepLines).join("\n")}
    end
  end
  test "$place" = "$argv[1]"
end

complete -c pawl -f
${places.flatMap(placeLines).join("\n")}
`;
}

function stepLines({ path, commands, options }: Place): string[] {
  const inner = path === "" ? commands : commands.filter(({ text }) => text !== "help");
  return [
    ...inner.flatMap(({ text }) => [
      `      case ${quoted(`${path}:${text}`)}`,
      `        set place ${quoted(path === "" ? text : `${path} ${text}`)}`,
    ]),
    ...options.filter(({ value }) => value !== undefined).flatMap(({ names }) => [
      `      case ${names.map((name) => quoted(`${path}:${name}`)).join(" ")}`,
      "        set option $word",
    ]),
  ];
}

function placeLines({ path, commands, options, argument }: Place): string[] {
  const here = `complete -c pawl -n ${quoted(`__pawl_at ${quoted(path)}`)}`;
  return [
    ...commands.map(({ text, description }) => `${here} -a ${quoted(text)} -d ${quoted(description)}`),
    ...options.map((option) => `${here} ${optionWords(option)}`),
    ...(commands.length === 0 || Array.isArray(argument)) && argument !== undefined && argument !== "any"
      ? [`${here} ${values(argument)}`]
      : [],
  ];
}

function optionWords({ names, description, value }: OptionWord): string {
  const each = names.map((name) => name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`);
  const takes = value === undefined ? "" : ` -r ${value === "any" ? "-f" : values(value)}`;
  return `${each.join(" ")} -d ${quoted(description)}${takes}`;
}

function values(kind: Exclude<ValueKind, "any">): string {
  if (kind === "file") return "-F";
  if (kind === "folder") return `-f -a ${quoted("(__fish_complete_directories)")}`;
  return `-f -a ${quoted(kind.join(" "))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
