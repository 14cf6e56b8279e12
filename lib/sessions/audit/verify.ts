/** Whether the audit is as it was written. */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { auditFiles, type AuditHead, readHead } from "./folder.ts";
import { type AuditAnchor, type AuditLine, GENESIS, hashOf } from "./line.ts";
import { type Piece, piecesOf } from "./reader.ts";
import { tornPart } from "./tail.ts";

/** Something that is not as it was written. */
export interface AuditProblem {
  /** The file's name; `head` for the head. */
  readonly file: string;
  /** From 1; undefined where it is about no line. */
  readonly line?: number;
  readonly what: string;
}

/** What a look at all files came to. */
export interface AuditVerdict {
  /** Empty where the log is whole. At most {@linkcode MAX_PROBLEMS}. */
  readonly problems: readonly AuditProblem[];
  /** What is odd but explains itself. */
  readonly notes: readonly AuditProblem[];
  readonly files: number;
  /** How many entries were read. */
  readonly entries: number;
  /** The numbers of the first and the last of them; 0 where there is none. */
  readonly first: number;
  readonly last: number;
  /** The hash of the last one. */
  readonly hash: string;
}

/** How many problems are told. */
export const MAX_PROBLEMS = 20;
const MAX_TRIES = 10;

/**
 * Reads the whole log. An agent may be writing it meanwhile.
 *
 * @param anchor an end that the log had once: it must still be in it.
 * @throws Error where the files cannot be read.
 */
export async function verifyAudit(folder: string, anchor?: AuditAnchor): Promise<AuditVerdict> {
  for (let tries = 1;; tries++) {
    const [head, files] = [await readHead(folder), await auditFiles(folder)];
    const verdict = await verifyOnce(folder, files, head, anchor);
    if (verdict.problems.length === 0 || tries === MAX_TRIES) return verdict;
    // What is put aside while it is read looks like a loss, and so does a head that was read while it was written.
    const [headNow, filesNow] = [await readHead(folder), await auditFiles(folder)];
    if (isDeepStrictEqual(headNow, head) && filesNow.join() === files.join()) return verdict;
  }
}

async function verifyOnce(
  folder: string,
  files: readonly string[],
  head: AuditHead | undefined,
  anchor: AuditAnchor | undefined,
): Promise<AuditVerdict> {
  const walk = new Walk([
    ...head ? [{ ...head, name: "the head" }] : [],
    ...anchor ? [{ ...anchor, name: "the noted end" }] : [],
  ]);
  for (const name of files) {
    let bytes: Uint8Array;
    try {
      bytes = await Deno.readFile(join(folder, name));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      walk.problem(name, undefined, "it is gone");
      continue;
    }
    walk.file(name, bytes, name === files.at(-1));
  }
  if (files.length > 0 && head === undefined) {
    walk.problem(
      "head",
      undefined,
      "it is missing or damaged: whether the end of the log was cut off cannot be told",
    );
  }
  if (head !== undefined && walk.first > head.first) {
    walk.problem(
      files[0] ?? "audit.jsonl",
      undefined,
      `the files with entries ${head.first} to ${walk.first - 1} are missing`,
    );
  }
  walk.finish();
  return walk.verdict(files.length);
}

/** One pass over the files, the oldest first. */
class Walk {
  readonly #problems: AuditProblem[] = [];
  readonly #notes: AuditProblem[] = [];
  readonly #ends: readonly (AuditAnchor & { name: string })[];
  readonly #met = new Set<string>();
  #hash = GENESIS;
  #entries = 0;
  #first = 0;
  #last = 0;

  constructor(ends: readonly (AuditAnchor & { name: string })[]) {
    this.#ends = ends.filter(({ count }) => count > 0);
  }

  get first(): number {
    return this.#first;
  }

  problem(file: string, line: number | undefined, what: string): void {
    if (this.#problems.length >= MAX_PROBLEMS) return;
    this.#problems.push({ file, ...(line !== undefined && { line }), what });
  }

  file(name: string, bytes: Uint8Array, isNewest: boolean): void {
    let torn: Piece[] = [];
    let isStart = true;
    for (const piece of piecesOf(bytes)) {
      const { line, number } = piece;
      if (line === undefined) {
        torn.push(piece);
        continue;
      }
      if (isStart) this.#beginFile(name, number, line);
      isStart = false;
      this.#judge(name, piece, line, torn);
      torn = [];
    }
    const [left] = torn;
    if (left === undefined) {
      if (!isStart) return;
      // What it had, the head would name.
      if (isNewest) this.#notes.push({ file: name, what: BEGUN });
      else this.problem(name, undefined, "it is empty");
      return;
    }
    // Whether something is missing here that was written once, the head tells.
    if (isNewest) this.#notes.push({ file: name, line: left.number, what: UNFINISHED });
    else this.problem(name, left.number, NO_ENTRY);
  }

  #beginFile(name: string, number: number, { entry }: AuditLine): void {
    const { previous } = entry;
    if (entry.event !== "file" || typeof previous !== "string") {
      return this.problem(name, number, "the file does not begin as files do: its first line is missing");
    }
    // What the oldest file follows is not kept any more: it is taken at its word.
    if (this.#entries > 0) return;
    this.#hash = entry.seq === 1 ? GENESIS : previous;
    this.#last = entry.seq - 1;
  }

  #judge(name: string, { number }: Piece, { entry, body, hash }: AuditLine, torn: readonly Piece[]): void {
    const expected = this.#last + 1;
    const isWhole = hash === hashOf(this.#hash, body);
    if (torn.length > 0 && !(isWhole && isExplained(torn, entry["torn"]))) {
      this.problem(name, torn[0]?.number, NO_ENTRY);
    } else if (torn.length > 0) {
      this.#notes.push({ file: name, line: torn[0]?.number ?? number, what: REPAIRED });
    }
    if (isWhole && entry.event === "entries.missing") {
      const { from, to } = entry;
      this.problem(
        name,
        number,
        `entries ${from} to ${to} were missing when the agent wrote here at ${entry.time}`,
      );
    } else if (isWhole && (entry.event === "head.missing" || entry.event === "head.differs")) {
      const what = entry.event === "head.missing" ? "the head was missing" : "the head was of another log";
      this.problem(name, number, `${what} when the agent wrote here at ${entry.time}`);
    } else if (entry.seq > expected) {
      this.problem(name, number, `entries ${expected} to ${entry.seq - 1} are missing before it`);
    } else if (entry.seq < expected) {
      this.problem(name, number, `entry ${entry.seq} stands where entry ${expected} belongs`);
    } else if (!isWhole) {
      this.problem(name, number, `entry ${entry.seq} was altered`);
    }
    if (this.#entries++ === 0) this.#first = entry.seq;
    this.#last = entry.seq;
    this.#hash = hash;
    for (const end of this.#ends) {
      if (end.count !== entry.seq) continue;
      this.#met.add(end.name);
      if (end.hash !== hash) {
        this.problem(name, number, `entry ${entry.seq} is not the one that ${end.name} names`);
      }
    }
  }

  /** Whether the log has what the head and the anchor say it had. */
  finish(): void {
    for (const { name, count } of this.#ends) {
      if (this.#met.has(name)) continue;
      if (name !== "the head" && count < this.#first) {
        const what = `entry ${count}, which ${name} names, is older than what is kept`;
        this.#notes.push({ file: "head", what });
        continue;
      }
      const missing = count > this.#last
        ? `the end is missing: ${name} counts ${count} entries, the log ends with entry ${this.#last}`
        : `entry ${count}, which ${name} names, is missing`;
      this.problem("head", undefined, missing);
    }
  }

  verdict(files: number): AuditVerdict {
    return {
      problems: this.#problems,
      notes: this.#notes,
      files,
      entries: this.#entries,
      first: this.#first,
      last: this.#last,
      hash: this.#hash,
    };
  }
}

const NO_ENTRY = "this is no entry: the line was altered or cut";
const BEGUN = "it is empty: the agent has just begun it, or died over it";
const UNFINISHED = "the last line is not whole: the agent is writing it, or died over it";
const REPAIRED = "a line that was never finished: the agent died over it, and the next entry says so";

/** Whether the entry behind the torn lines tells of exactly these bytes. */
function isExplained(torn: readonly Piece[], told: unknown): boolean {
  if (typeof told !== "object" || told === null) return false;
  const bytes = Buffer.concat(torn.flatMap((piece) => [piece.bytes, LINE_BREAK]));
  const { bytes: length, sha256 } = tornPart(bytes, false);
  const { bytes: toldLength, sha256: toldHash } = told as Record<string, unknown>;
  return length === toldLength && sha256 === toldHash;
}

const LINE_BREAK = new Uint8Array([0x0a]);
