/** Files by pattern. */
import { join } from "node:path";

/** Options of {@linkcode expandGlob}. */
export interface ExpandGlobOptions {
  /** How many paths are returned at most. */
  maxPaths: number;
  /**
   * How many names are looked at at most, so that a pattern over a huge tree comes to an end.
   * @default 100000
   */
  maxNames?: number;
  /**
   * Paths that do not count.
   * @default none
   */
  isExcluded?: (path: string) => boolean;
  signal: AbortSignal;
}

/** What a pattern came to. */
export interface GlobResult {
  /** Sorted. */
  readonly paths: readonly string[];
  /** Whether there is more than the bounds let through. */
  readonly cut: boolean;
}

/** Whether a path is a pattern. */
export function isGlob(path: string): boolean {
  return /[*?[\]{}]/.test(path);
}

/**
 * Whether `path` fits `pattern`: `*` and `?` within a name, `[a-z]`, `[!a-z]`, `{a,b}`, and `**` for any number of
 * folders. A `*` does not stand for the dot that hides a name.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  return alternatives(pattern).some((plain) => fits(path.split("/"), plain.split("/")));
}

function fits(names: readonly string[], parts: readonly string[]): boolean {
  const [part, ...rest] = parts;
  if (part === undefined) return names.length === 0;
  if (part === "**") {
    const [name] = names;
    return fits(names, rest) || (name !== undefined && !name.startsWith(".") && fits(names.slice(1), parts));
  }
  const [name] = names;
  return name !== undefined && matchesName(name, part) && fits(names.slice(1), rest);
}

/**
 * The paths that fit an absolute pattern, whatever kind of file they are. Folders that cannot be read have nothing in
 * them. Links to folders are followed, but not below `**`.
 */
export async function expandGlob(pattern: string, options: ExpandGlobOptions): Promise<GlobResult> {
  const walk = new Walk(options);
  for (const plain of alternatives(pattern)) {
    await walk.from(
      "/",
      plain.split("/").filter((part) => part !== ""),
    );
  }
  return { paths: [...walk.paths].sort(), cut: walk.cut };
}

class Walk {
  readonly paths = new Set<string>();
  cut = false;
  #namesLeft: number;
  readonly #options: ExpandGlobOptions;

  constructor(options: ExpandGlobOptions) {
    this.#options = options;
    this.#namesLeft = options.maxNames ?? 100_000;
  }

  async from(folder: string, parts: readonly string[]): Promise<void> {
    this.#options.signal.throwIfAborted();
    const [part, ...rest] = parts;
    if (part === undefined || this.cut) return;
    if (part === "**") return await this.#anyDepth(folder, parts, rest);
    if (!isGlob(part)) {
      const path = join(folder, part);
      if (rest.length > 0) return await this.from(path, rest);
      if (await exists(path)) this.#found(path);
      return;
    }
    for (const name of await this.#names(folder)) {
      if (!matchesName(name.name, part)) continue;
      const path = join(folder, name.name);
      if (rest.length === 0) this.#found(path);
      else if (name.isDirectory || name.isSymlink) await this.from(path, rest);
    }
  }

  async #anyDepth(folder: string, parts: readonly string[], rest: readonly string[]): Promise<void> {
    await this.from(folder, rest.length === 0 ? ["*"] : rest);
    for (const { name, isDirectory } of await this.#names(folder)) {
      if (isDirectory && !name.startsWith(".")) await this.from(join(folder, name), parts);
    }
  }

  async #names(folder: string): Promise<Deno.DirEntry[]> {
    const names: Deno.DirEntry[] = [];
    try {
      for await (const name of Deno.readDir(folder)) {
        if (--this.#namesLeft < 0) {
          this.cut = true;
          break;
        }
        names.push(name);
      }
    } catch (error) {
      if (this.#options.signal.aborted) throw error;
      return []; // no folder, not any more, or not ours
    }
    return names.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  #found(path: string): void {
    if (this.paths.has(path) || this.#options.isExcluded?.(path)) return;
    if (this.paths.size >= this.#options.maxPaths) this.cut = true;
    else this.paths.add(path);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path); // a link to nothing is nothing
    return true;
  } catch (error) {
    // What is there and cannot be seen is to be told when it is read.
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}

const MAX_ALTERNATIVES = 64;

/** `{a,b}` written out, the inner ones first. Braces that do not pair are themselves. */
function alternatives(pattern: string): string[] {
  const open = [pattern];
  const done = new Set<string>();
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    const choice = /\{([^{}]*,[^{}]*)\}/.exec(each);
    if (choice === null || open.length + done.size > MAX_ALTERNATIVES) done.add(each);
    else {
      const [before, after] = [each.slice(0, choice.index), each.slice(choice.index + choice[0].length)];
      open.push(...(choice[1] ?? "").split(",").map((text) => before + text + after));
    }
  }
  return [...done];
}

/** One name against one part, without going back further than the last `*`: no pattern takes long. */
function matchesName(name: string, part: string): boolean {
  if (name.startsWith(".") && !part.startsWith(".")) return false;
  let [at, in_, starAt, starIn] = [0, 0, -1, 0];
  while (in_ < name.length) {
    const piece = pieceAt(part, at);
    if (piece !== undefined && piece.star) [starAt, starIn, at] = [at, in_, at + 1];
    else if (piece !== undefined && piece.test(name[in_] ?? "")) [at, in_] = [piece.end, in_ + 1];
    else if (starAt >= 0) [at, in_] = [starAt + 1, ++starIn];
    else return false;
  }
  while (part[at] === "*") at++;
  return at >= part.length;
}

interface Piece {
  readonly star: boolean;
  readonly end: number;
  test(char: string): boolean;
}

function pieceAt(part: string, at: number): Piece | undefined {
  const char = part[at];
  if (char === undefined) return undefined;
  if (char === "*") return { star: true, end: at + 1, test: () => false };
  if (char === "?") return { star: false, end: at + 1, test: () => true };
  const close = char === "[" ? part.indexOf("]", at + (/[!^]/.test(part[at + 1] ?? "") ? 3 : 2)) : -1;
  if (close === -1) return { star: false, end: at + 1, test: (other) => other === char };
  const negated = /[!^]/.test(part[at + 1] ?? "");
  const set = part.slice(at + (negated ? 2 : 1), close);
  return { star: false, end: close + 1, test: (other) => inSet(other, set) !== negated };
}

function inSet(char: string, set: string): boolean {
  for (let at = 0; at < set.length; at++) {
    const [low = "", dash, high] = set.slice(at, at + 3);
    if (dash === "-" && high !== undefined) {
      if (char >= low && char <= high) return true;
      at += 2;
    } else if (char === low) return true;
  }
  return false;
}
