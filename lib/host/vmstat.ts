/** `/proc/vmstat`. */
import { countOf, linesOf, wordsOf } from "./kernel_text.ts";

/** Every counter and level by its usual name (`pgmajfault`, `oom_kill`). */
export type Vmstat = ReadonlyMap<string, number>;

/** Never throws. */
export function parseVmstat(text: string): Vmstat {
  const figures = new Map<string, number>();
  for (const line of linesOf(text)) {
    const [name = "", value] = wordsOf(line);
    const figure = countOf(value);
    if (figure !== undefined && !figures.has(name)) figures.set(name, figure);
  }
  return figures;
}
