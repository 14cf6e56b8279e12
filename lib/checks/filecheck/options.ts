/** How files are to be looked at, as it is configured. */
import * as z from "zod/mini";
import { about } from "../../zod.ts";
import { absolutePath, duration, size, table } from "../../config/fields.ts";
import type { SettingsOf } from "../definition.ts";
import { severity } from "../rating.ts";

const howBad = (byDefault: "Info" | "Warning" | "Critical") =>
  about(z._default(severity(), byDefault), "How bad it is.");

/** The options of one `[[check.filecheck]]` table. */
export const FILECHECK_OPTIONS = () => ({
  paths: about(
    z.array(absolutePath()).check(z.minLength(1), z.maxLength(100)),
    "The files, as absolute paths or patterns (`*`, `?`, `[a-z]`, `{a,b}`, `**`).",
  ),
  exclude: about(
    z._default(z.array(absolutePath()).check(z.maxLength(100)), []),
    "Patterns of files that are left out.",
  ),
  existence: table({
    expect: about(
      z._default(z.enum(["present", "absent", "any"]), "present"),
      "Whether each path has to be there, and each pattern to find something.",
    ),
    severity: howBad("Critical"),
  }, "Whether the files have to be there, or must not be: a table with `expect` and `severity`."),
  mtime: about(
    z.prefault(
      z.discriminatedUnion("mode", [
        z.strictObject({ mode: z.literal("off") }),
        z.strictObject({ mode: z.literal("changed"), severity: howBad("Warning") }),
        z.strictObject({
          mode: z.literal("stale"),
          max_age: about(z.prefault(duration("1s", "3650d"), "1h"), "How old a file may be."),
          severity: howBad("Warning"),
        }),
      ]),
      { mode: "off" },
    ),
    'Tells a change of the time of change, `{ mode = "changed" }`, or its being too long ago, `{ mode = "stale", max_age = "1h" }`.',
  ),
  checksum: table(
    {
      enabled: about(z._default(z.boolean(), false), "Whether contents are compared by SHA-256."),
      severity: howBad("Critical"),
    },
    "Tells files whose content changed, that are new, or that are gone: a table with `enabled` and `severity`.",
  ),
  size: table(
    {
      min: about(z.prefault(size("0", "1048576GiB"), "0"), "The least that each file has to hold."),
      max: about(z.prefault(size("0", "1048576GiB"), "1048576GiB"), "The most that each file may hold."),
      severity: howBad("Warning"),
    },
    "Tells files that are too small or too large: a table with `min`, `max` and `severity`.",
    z.refine(({ min, max }) => min <= max, "must not have a min above its max"),
  ),
  max_files: about(
    z._default(z.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 10_000),
    "How many files are looked at at most.",
  ),
  max_file_size: about(z.prefault(size("1KiB", "10GiB"), "50MiB"), "Above this, content is not compared."),
});
/** What comes of them. */
export type FileCheckSettings = SettingsOf<typeof FILECHECK_OPTIONS>;

/** No file is larger: where `max` stands by default. */
export const MAX_SIZE_BYTES = 1_048_576 * 1024 ** 3;
