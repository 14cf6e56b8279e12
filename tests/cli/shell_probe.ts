/** What real shells offer at the end of a command line. */
import { TempFolder } from "../config/temp_folder.ts";

/** The shells that completions are made for. */
export type Shell = "bash" | "zsh" | "fish";

/** Why a shell cannot be asked here; undefined where it can. */
export function shellMissing(shell: Shell): string | undefined {
  try {
    new Deno.Command(shell, { args: ["--version"], stdin: "null", stdout: "null", stderr: "null" })
      .outputSync();
    return undefined;
  } catch {
    return `${shell} is not installed`;
  }
}

/** Asks a shell that knows nothing but this script. @returns each word that it offers, without descriptions */
export async function offered(shell: Shell, script: string, line: string): Promise<string[]> {
  await using folder = new TempFolder();
  const file = folder.write("completions", script);
  const out = folder.write("offered", "");
  const probe = folder.write("probe", PROBES[shell]);
  const { code, stderr, stdout } = await new Deno.Command(shell, {
    args: [...QUIET[shell], probe, file, out, line],
    stdin: "null",
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", HOME: folder.path, TERM: "dumb", LC_ALL: "C.UTF-8" },
  }).output();
  const complaint = new TextDecoder().decode(stderr);
  if (code !== 0 || (shell !== "zsh" && complaint !== "")) {
    throw new Error(`${shell} ended with ${code}: ${complaint}${new TextDecoder().decode(stdout)}`);
  }
  return [...new Set((await Deno.readTextFile(out)).split("\n").filter((word) => word !== ""))];
}

const QUIET: Readonly<Record<Shell, readonly string[]>> = {
  bash: ["--norc"],
  zsh: ["-f"],
  fish: ["--no-config"],
};

const PROBES: Readonly<Record<Shell, string>> = {
  // Words are cut as the line editor cuts them: at blanks and at "=".
  bash: `source "$1"
words=() word=""
for ((at = 0; at < \${#3}; at++)); do
  char=\${3:at:1}
  case $char in
    " ") if [[ -n $word ]]; then words+=("$word"); fi; word="" ;;
    =) words+=("$word" =); word="" ;;
    *) word+=$char ;;
  esac
done
if [[ -n $word || $3 != *= ]]; then words+=("$word"); fi
COMP_WORDS=("\${words[@]}")
COMP_CWORD=$((\${#words[@]} - 1))
handler=$(complete -p pawl)
[[ $handler == "complete -F _pawl pawl" ]] || { echo "registered: $handler" >&2; exit 1; }
_pawl
if ((\${#COMPREPLY[@]})); then printf '%s\\n' "\${COMPREPLY[@]}" >"$2"; fi
`,
  // An interactive shell on a terminal of its own; what it adds as matches is written down.
  zsh: `zmodload zsh/zpty
zpty inner "zsh -f -i"
zpty -w inner "PS1= PS2=; autoload -Uz compinit && compinit -u -D && source $1"
zpty -w inner 'compadd() {
  if [[ -n \${argv[(r)-[OAD]]} ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  print -rl -- $hits >>'$2'
  builtin compadd "$@"
}'
zpty -w inner 'finish() { print -r -- over. >>'$2' }; zle -N finish; bindkey "^X" finish; bindkey "^I" complete-word'
zpty -n -w inner "$3"$'\\t'$'\\x18'
for i in {1..400}; do
  if grep -q '^over\\.$' $2; then break; fi
  zpty -r -t inner ignored
  sleep 0.05
done
zpty -d inner
grep -q '^over\\.$' $2 || exit 1
grep -v '^over\\.$' $2 >$2.all
mv $2.all $2
`,
  fish: `source $argv[1]
complete -C $argv[3] | string replace -r '\\t.*' '' >$argv[2]
true
`,
};
