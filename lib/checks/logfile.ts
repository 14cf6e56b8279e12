/** Lines in logs that somebody should know of. */
import { lazyCheck } from "./lazy_check.ts";
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, size } from "../config/fields.ts";
import { isGlob } from "../host/files/glob.ts";
import { linePattern } from "../host/pattern/line_pattern.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { LOG_ENCODINGS } from "./logfile/line_splitter.ts";
import { severity } from "./rating.ts";

const pattern = () =>
  z.string().check(
    z.minLength(1),
    z.superRefine((source, context) => {
      try {
        linePattern(source);
      } catch (error) {
        context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
      }
    }),
  );

const options = () => ({
  paths: about(
    z.array(absolutePath()).check(z.minLength(1), z.maxLength(100)),
    "The logs, as absolute paths or patterns (`*`, `?`, `[a-z]`, `{a,b}`, `**`); rotated and compressed ones are left out.",
  ),
  name: about(
    z._default(
      z.string().check(z.regex(/^[\w.-]{0,64}$/, "must be letters, digits, `_`, `-` and `.`, at most 64")),
      "",
    ),
    "Tells this table from others that read the same logs; it becomes the label `name`.",
  ),
  include: about(
    z._default(z.array(pattern()).check(z.maxLength(100)), []),
    "Lines that match one of these are told: a text that stands in the line, or `/a regular expression/`, `/…/i`; every line where none is given.",
  ),
  exclude: about(
    z._default(z.array(pattern()).check(z.maxLength(100)), []),
    "Lines that match one of these are not told, whatever else they match.",
  ),
  severity: about(z._default(severity(), "Warning"), "How bad a line is."),
  initial: about(
    z._default(z.enum(["end", "start"]), "end"),
    "Where a log that was never read before is begun.",
  ),
  encoding: about(z._default(z.enum(LOG_ENCODINGS), "utf-8"), "How the logs are written."),
  context: about(
    z._default(z.number().check(z.int(), z.minimum(0), z.maximum(10)), 0),
    "How many lines around a match are shown with it.",
  ),
  max_lines: about(
    z._default(z.number().check(z.int(), z.minimum(1), z.maximum(100)), 10),
    "How many matches of one look are shown; all are counted.",
  ),
  max_targets: about(
    z._default(z.number().check(z.int(), z.minimum(1), z.maximum(1000)), 100),
    "How many logs are read at most.",
  ),
  max_read: about(
    z.prefault(size("64KiB", "64MiB"), "1MiB"),
    "How much of one log is read in one look; the rest is read in the next.",
  ),
});
/** The options of `[[check.logfile]]`, read. */
export type LogfileSettings = SettingsOf<typeof options>;

/** Lines that match. */
export const LOGFILE_CHECK = defineCheck({
  plugin: "logfile",
  summary: "lines in logs, over rotations and restarts",
  dimensions: [
    {
      dimension: "match",
      target: "the log's path",
      figure: "new lines that match",
      source: "the log, on from where it was read last",
      defaults: "warning for each look that finds some",
    },
    {
      dimension: "access",
      target: "the log's path, or the pattern",
      figure: "whether the log can be read",
      source: "opening it",
      defaults: "warning where it cannot, or there are too many",
    },
  ],
  options,
  byDefault: false,
  targets: targetsOf,
  needs: ({ paths }) => paths.flatMap(readable).map((path) => ({ read: path })),
  make: (settings, seams): Check[] => {
    const target = targetsOf(settings).join(", ");
    return [lazyCheck({ plugin: "logfile", target }, async () => {
      const { LogfileCheck } = await import("./logfile_look.ts");
      return new LogfileCheck(settings, seams);
    })];
  },
});

/** What one table reads, told apart from others that read the same. */
export function targetsOf({ paths, name }: LogfileSettings): string[] {
  return paths.map((path) => name === "" ? path : `${name} ${path}`);
}

/**
 * The log and the name that rotation gives it first, no more; a pattern is written by who wants the whole folder to be
 * read, and parts of any name in it to be found.
 */
function readable(path: string): string[] {
  if (!isGlob(path)) return [path, `${path}.1`];
  const parts = path.split("/");
  return [parts.slice(0, parts.findIndex(isGlob)).join("/") || "/"];
}
