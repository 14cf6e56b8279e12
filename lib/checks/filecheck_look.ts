/** Looks at files. */
import { durationText } from "../host/duration_text.ts";
import { bytesText } from "../host/figure_text.ts";
import { expandGlob, isGlob, matchesGlob } from "../host/files/glob.ts";
import { type FileState, inspect, named } from "../host/files/regular_file.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import type { Check, Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import { targetOf } from "./filecheck.ts";
import { Checksums } from "./filecheck/checksums.ts";
import { type KnownFile, KnownFiles } from "./filecheck/known_files.ts";
import { type FileCheckSettings, MAX_SIZE_BYTES } from "./filecheck/options.ts";
import { rateState } from "./rating.ts";

/** How many files' changes are told one by one; what is over that is counted. */
const MAX_TOLD = 100;
const MAX_BYTES_PER_LOOK = 256 * 1024 * 1024;

/** A change that is told: what, and how it reads. */
interface Change {
  readonly path: string;
  readonly dimension: "mtime" | "checksum";
  readonly text: string;
}

export class FileCheck implements Check {
  readonly plugin = "filecheck";
  readonly target: string;
  readonly #settings: FileCheckSettings;
  readonly #seams: CheckSeams;
  readonly #known: KnownFiles;
  /** What could not be looked at the last time: that is over when it can. */
  #troubled = new Set<string>();
  readonly #checksums: Checksums;

  constructor(settings: FileCheckSettings, seams: CheckSeams) {
    this.#settings = settings;
    this.#seams = seams;
    this.#checksums = new Checksums({ maxBytesPerRound: MAX_BYTES_PER_LOOK, clock: seams.clock });
    this.target = targetOf(settings);
    this.#known = new KnownFiles(seams.memory, this.target);
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    this.#known.begin();
    const { files, findings } = await this.#files(signal);
    this.#checksums.begin(files);
    const changes: Change[] = [];
    const refusals: FactUnavailableError[] = [];
    const troubled = new Set<string>();
    for (const path of files) {
      signal.throwIfAborted();
      try {
        findings.push(...await this.#look(path, changes, signal));
        if (this.#troubled.has(path)) findings.push(access(path));
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof FactUnavailableError) refusals.push(error);
        if (error instanceof Deno.errors.NotFound) continue;
        findings.push(access(path, messageOf(error)));
        troubled.add(path);
      }
    }
    this.#troubled = troubled;
    const [refusal] = refusals;
    if (refusal !== undefined && refusals.length === files.size) throw refusal;
    for (const path of this.#known.paths()) if (!files.has(path)) this.#gone(path, changes);
    signal.throwIfAborted();
    this.#known.commit();
    return [...findings, ...this.#told(changes)];
  }

  /** The files that there are, and what is to be told of the patterns. */
  async #files(signal: AbortSignal): Promise<{ files: Set<string>; findings: Finding[] }> {
    const { paths, exclude, existence, max_files: maxFiles } = this.#settings;
    const files = new Set<string>();
    const findings: Finding[] = [];
    for (const path of paths) {
      const isExcluded = (file: string) => exclude.some((pattern) => matchesGlob(file, pattern));
      const { paths: found, cut } = await expandGlob(path, { maxPaths: maxFiles, isExcluded, signal });
      const regular = isGlob(path) ? await onlyFiles(found, signal) : found;
      for (const file of regular) if (files.size < maxFiles) files.add(file);
      const many = cut || files.size >= maxFiles && regular.length > 0 && !files.has(regular.at(-1) ?? "");
      if (isGlob(path)) {
        findings.push(
          access(
            path,
            many ? `it finds more than ${maxFiles} files; raise max_files, or narrow it` : undefined,
          ),
        );
      }
      if (existence.expect === "any") continue;
      const there = regular.length > 0;
      const expected = existence.expect === "present";
      findings.push(rateState({
        check: "filecheck::existence",
        target: path,
        ok: there === expected,
        severity: existence.severity,
        description: `${path} ${there ? "is there" : "is not there"}`,
        current: there ? isGlob(path) ? `${regular.length} files` : "present" : "absent",
        expected: `must be ${existence.expect}`,
      }));
    }
    return { files, findings };
  }

  async #look(path: string, changes: Change[], signal: AbortSignal): Promise<Finding[]> {
    const { mtime, checksum, max_file_size: maxBytes } = this.#settings;
    const real = await named(path, () => Deno.realPath(path));
    const state = await inspect(real);
    const before = this.#known.get(path);
    let sum = before?.checksum;
    if (checksum.enabled && state.sizeBytes <= maxBytes) {
      sum = await this.#checksums.of(real, state, signal) ?? before?.checksum;
      if (before === undefined && this.#known.hasLooked) {
        changes.push({ path, dimension: "checksum", text: "is new" });
      }
      if (before?.checksum !== undefined && sum !== before.checksum) {
        changes.push({
          path,
          dimension: "checksum",
          text: `has other content: SHA-256 ${sum} instead of ${before.checksum}`,
        });
      }
    }
    if (mtime.mode === "changed" && before !== undefined && before.modifiedMs !== state.modifiedMs) {
      changes.push({
        path,
        dimension: "mtime",
        text: `was changed at ${new Date(state.modifiedMs).toISOString()}`,
      });
    }
    const now: KnownFile = {
      modifiedMs: state.modifiedMs,
      sizeBytes: state.sizeBytes,
      ...(sum !== undefined && { checksum: sum }),
    };
    if (checksum.enabled || mtime.mode === "changed") this.#known.set(path, now);
    return [...this.#age(path, state), ...this.#size(path, state)];
  }

  #age(path: string, { modifiedMs }: FileState): Finding[] {
    const { mtime } = this.#settings;
    if (mtime.mode !== "stale") return [];
    const ageMs = Math.max(0, this.#seams.clock.wallMs() - modifiedMs);
    return [rateState({
      check: "filecheck::mtime",
      target: path,
      ok: ageMs <= mtime.max_age,
      severity: mtime.severity,
      description: `${path} was changed ${durationText(ageMs)} ago${
        ageMs <= mtime.max_age ? "" : ` > ${durationText(mtime.max_age)}`
      }`,
      current: durationText(ageMs),
      expected: `at most ${durationText(mtime.max_age)} old`,
    })];
  }

  #size(path: string, { sizeBytes }: FileState): Finding[] {
    const { min, max, severity } = this.#settings.size;
    if (min === 0 && max === MAX_SIZE_BYTES) return [];
    const small = sizeBytes < min;
    const large = sizeBytes > max;
    const bound = small ? ` < ${bytesText(min)}` : large ? ` > ${bytesText(max)}` : "";
    const bounds = [
      min > 0 && `at least ${bytesText(min)}`,
      max < MAX_SIZE_BYTES && `at most ${bytesText(max)}`,
    ];
    return [rateState({
      check: "filecheck::size",
      target: path,
      ok: !small && !large,
      severity,
      description: `${path} holds ${bytesText(sizeBytes)}${bound}`,
      current: bytesText(sizeBytes),
      expected: bounds.filter(Boolean).join(", "),
    })];
  }

  #gone(path: string, changes: Change[]): void {
    if (this.#settings.checksum.enabled) changes.push({ path, dimension: "checksum", text: "is gone" });
    this.#known.set(path, undefined);
  }

  #told(changes: readonly Change[]): Finding[] {
    const { mtime, checksum } = this.#settings;
    const findings = changes.slice(0, MAX_TOLD).map(({ path, dimension, text }): Finding => ({
      labels: { check: `filecheck::${dimension}`, target: path },
      status: dimension === "checksum"
        ? checksum.severity
        : mtime.mode === "changed"
        ? mtime.severity
        : "Warning",
      description: `${path} ${text}`,
      attrs: { current_value: text, threshold_desc: "must not change" },
      momentary: true,
    }));
    const more = changes.length - findings.length;
    if (more <= 0) return findings;
    return [...findings, {
      labels: { check: "filecheck::checksum", target: this.target },
      status: checksum.severity,
      description: `${more} more files of ${this.target} changed`,
      attrs: { current_value: `${changes.length} changes`, threshold_desc: "must not change" },
      momentary: true,
    }];
  }
}

/** A pattern means files: folders and pipes that fit it are not meant. */
async function onlyFiles(paths: readonly string[], signal: AbortSignal): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    // What cannot be asked is told when it is looked at.
    if (
      await Deno.stat(path).then((info) => info.isFile, (error) => !(error instanceof Deno.errors.NotFound))
    ) files.push(path);
  }
  return files;
}

function access(target: string, problem?: string): Finding {
  return rateState({
    check: "filecheck::access",
    target,
    ok: problem === undefined,
    severity: "Warning",
    description: problem === undefined
      ? `${target} can be looked at`
      : `${target} cannot be looked at: ${problem}`,
    current: problem === undefined ? "can be looked at" : cleanLine(problem, 300),
    expected: "must be readable",
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
