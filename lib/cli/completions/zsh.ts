/** Completions for zsh: as a function of `$fpath`, or sourced. */
import { stepLines, valueLines } from "./case_lines.ts";
import type { OptionWord, Place, ValueKind, Word } from "./word_tree.ts";

/** A script that works in both ways. */
export function zshCompletions(places: readonly Place[]): string {
  return `#compdef pawl
_pawl() {
  local cur=$words[CURRENT] place="" option="" word i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if [[ -n $option ]]; then option=""; continue; fi
    case "$place:$word" in
${places.flatMap((place) => stepLines(place, "place")).join("\n")}
    esac
  done
  # --option=value is one word.
  if [[ -z $option && $cur == --*=* ]]; then
    option=\${cur%%=*}
    compset -P 1 '*='
  fi
  case "$place:$option" in
${places.flatMap((place) => valueLines(place, complete)).join("\n")}
  esac
  case "$cur:$place" in
${places.map(optionLine).join("\n")}
${places.map(wordLine).join("\n")}
  esac
}

# Sourced: tell zsh. Loaded from $fpath: this is the first call.
if [[ $funcstack[1] == _pawl ]]; then _pawl "$@"; else compdef _pawl pawl; fi
`;
}

function optionLine({ path, options }: Place): string {
  const all = options.flatMap(({ names, description }: OptionWord) =>
    names.map((text) => ({ text, description }))
  );
  return `    -*:"${path}") ${describe("option", all)};;`;
}

function wordLine({ path, commands, argument }: Place): string {
  const words = commands.length === 0 || Array.isArray(argument) ? complete(argument ?? "any") : "";
  return `    *:"${path}") ${describe("command", commands)}${words};;`;
}

function complete(kind: ValueKind): string {
  if (kind === "any") return "";
  if (kind === "file") return "_files; ";
  if (kind === "folder") return "_files -/; ";
  return `compadd -- ${kind.map(quoted).join(" ")}; `;
}

function describe(tag: string, words: readonly Word[]): string {
  if (words.length === 0) return "";
  const each = words.map(({ text, description }) =>
    quoted(`${text.replaceAll(":", "\\:")}:${description.replaceAll("\\", "\\\\")}`)
  );
  return `found=(${each.join(" ")}); _describe ${tag} found; `;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
