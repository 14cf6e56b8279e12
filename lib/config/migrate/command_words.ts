/** A command line as a program and its arguments, without a shell. */

/** The words, or why there are none. */
export function commandWords(command: string): readonly string[] | string {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < command.length; at++) {
    const char = command[at] ?? "";
    if (quote !== "") {
      if (char === quote) quote = "";
      else if (char === "\\" && quote === '"' && /["\\]/.test(command[at + 1] ?? "")) {
        word = `${word ?? ""}${command[++at]}`;
      } else word = `${word ?? ""}${char}`;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (/[|&;<>`]/.test(char)) return "it needs a shell; put it into a script";
    else if (char === "\\") word = `${word ?? ""}${command[++at] ?? ""}`;
    else word = `${word ?? ""}${char}`;
  }
  if (quote !== "") return "its quotes do not close";
  if (word !== undefined) words.push(word);
  const [program = ""] = words;
  if (!program.startsWith("/")) return "its program has to be an absolute path";
  if (/[*?[\]]/.test(program)) return "its program is a pattern; name each program";
  return words;
}
