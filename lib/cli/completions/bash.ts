/** Completions for bash, 3.2 or newer: without the bash-completion package. */
import { stepLines, valueLines } from "./case_lines.ts";
import type { OptionWord, Place, ValueKind } from "./word_tree.ts";

/** A script to source, or to put into a folder of completions. */
export function bashCompletions(places: readonly Place[]): string {
  return `# bash completion for pawl
_pawl() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path="" option="" word i
  # Bash cuts words at "=", which leaves --option = value.
  if [[ $cur == = ]]; then cur=""; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == = ]]; then continue; fi
    if [[ -n $option ]]; then option=""; continue; fi
    case "$path:$word" in
${places.flatMap((place) => stepLines(place, "path")).join("\n")}
    esac
  done
  COMPREPLY=()
  case "$path:$option" in
${places.flatMap((place) => valueLines(place, complete)).join("\n")}
  esac
  case "$cur:$path" in
${places.flatMap(optionLines).join("\n")}
${places.map(wordLine).join("\n")}
  esac
}

_pawl_words() { COMPREPLY=($(compgen -W "$2" -- "$1")); }
_pawl_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$2" -- "$1"))
}

complete -F _pawl pawl
`;
}

function optionLines({ path, options }: Place): string[] {
  return [`    -*:"${path}") ${words(options.flatMap(namesOf))};;`];
}

function wordLine({ path, commands, argument }: Place): string {
  const own = commands.length === 0
    ? complete(argument ?? "any")
    : words([...commands.map(({ text }) => text), ...Array.isArray(argument) ? argument : []]);
  return `    *:"${path}") ${own};;`;
}

function namesOf({ names }: OptionWord): readonly string[] {
  return names;
}

function complete(kind: ValueKind): string {
  if (kind === "any") return "";
  if (kind === "file") return '_pawl_files "$cur" -f; ';
  if (kind === "folder") return '_pawl_files "$cur" -d; ';
  return words(kind);
}

function words(all: readonly string[]): string {
  return all.length === 0 ? "" : `_pawl_words "$cur" "${all.join(" ")}"; `;
}
