/** How files are to be looked at, as it is configured. */
import * as z from "zod";
import { absolutePath, duration, size } from "../../config/fields.ts";

const severity = (byDefault: "Info" | "Warning" | "Critical") =>
  z.enum(["Info", "Warning", "Critical"]).default(byDefault).describe("How bad it is.");

/** The options of one `[[check.filecheck]]` table. */
export const FILECHECK_OPTIONS = () => ({
  paths: z.array(absolutePath()).min(1).max(100)
    .describe("The files, as absolute paths or patterns (`*`, `?`, `[a-z]`, `{a,b}`, `**`)."),
  exclude: z.array(absolutePath()).max(100).default([]).describe("Patterns of files that are left out."),
  existence: z.strictObject({
    expect: z.enum(["present", "absent", "any"]).default("present")
      .describe("Whether each path has to be there, and each pattern to find something."),
    severity: severity("Critical"),
  }).prefault({}).describe(
    "Whether the files have to be there, or must not be: a table with `expect` and `severity`.",
  ),
  mtime: z.discriminatedUnion("mode", [
    z.strictObject({ mode: z.literal("off") }),
    z.strictObject({ mode: z.literal("changed"), severity: severity("Warning") }),
    z.strictObject({
      mode: z.literal("stale"),
      max_age: duration("1s", "3650d").prefault("1h").describe("How old a file may be."),
      severity: severity("Warning"),
    }),
  ]).prefault({ mode: "off" }).describe(
    'Tells a change of the time of change, `{ mode = "changed" }`, or its being too long ago, `{ mode = "stale", max_age = "1h" }`.',
  ),
  checksum: z.strictObject({
    enabled: z.boolean().default(false).describe("Whether contents are compared by SHA-256."),
    severity: severity("Critical"),
  }).prefault({}).describe(
    "Tells files whose content changed, that are new, or that are gone: a table with `enabled` and `severity`.",
  ),
  size: z.strictObject({
    min: size("0", "1048576GiB").prefault("0").describe("The least that each file has to hold."),
    max: size("0", "1048576GiB").prefault("1048576GiB").describe("The most that each file may hold."),
    severity: severity("Warning"),
  }).refine(({ min, max }) => min <= max, "must not have a min above its max").prefault({})
    .describe("Tells files that are too small or too large: a table with `min`, `max` and `severity`."),
  max_files: z.number().int().min(1).max(100_000).default(10_000).describe(
    "How many files are looked at at most.",
  ),
  max_file_size: size("1KiB", "10GiB").prefault("50MiB").describe("Above this, content is not compared."),
});
/** What comes of them. */
export type FileCheckSettings = z.output<z.ZodObject<ReturnType<typeof FILECHECK_OPTIONS>, z.core.$strict>>;

/** No file is larger: where `max` stands by default. */
export const MAX_SIZE_BYTES = 1_048_576 * 1024 ** 3;
