/** Memory nodes: `/sys/devices/system/node/node*`. */
import { fieldsOf, kilobytesOf } from "./kernel_text.ts";

/** `nodeN/meminfo`: amounts in bytes by their usual name (`MemFree`). Never throws. */
export function parseNodeMeminfo(text: string): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const [key, value] of fieldsOf(text)) {
    const name = /^Node \d{1,6} (\S{1,64})$/.exec(key)?.[1];
    const bytes = value.includes("kB") ? kilobytesOf(value) : undefined;
    if (name !== undefined && bytes !== undefined) amounts.set(name, bytes);
  }
  return amounts;
}

/** The numbers in a list such as `0-3,8`; at most 4096 of them. Never throws. */
export function parseNumberList(text: string): number[] {
  const numbers: number[] = [];
  for (const part of text.trim().split(",")) {
    const [, first, last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part.trim()) ?? [];
    if (first === undefined) continue;
    for (let number = Number(first); number <= Number(last) && numbers.length < 4096; number++) {
      numbers.push(number);
    }
  }
  return numbers;
}
