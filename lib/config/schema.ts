/**
 * What a file may say. The schemas of a table are made when there is one: to make them all, and have them fill in
 * their defaults, would be a quarter of a start. What a file leaves out is in `default_settings.ts`.
 */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import type { CheckSettings } from "./check_schema.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./config.ts";
import { defaultSettings } from "./default_settings.ts";
import { absolutePath, duration, nonEmpty, size, table } from "./fields.ts";
import { localSchema } from "./local_schema.ts";
import { notifySchema } from "./notify_schema.ts";
import { remoteSchema } from "./remote_schema.ts";
import { serverSchema } from "./server_schema.ts";

/** The schemas of `[log]`'s values; flags pass them too. */
export const logFields = { level: () => z.enum(LOG_LEVELS), format: () => z.enum(LOG_FORMATS) };

/** What may stand at the top of the file, in the example's order up to `check`: what makes the schema of each. */
export const TABLES_BEFORE_CHECK = {
  state_dir: () =>
    about(z.optional(nonEmpty()), {
      description: "Where the agent keeps its identity and what must survive a restart. By default " +
        "`$STATE_DIRECTORY`, else `/var/lib/pawl` for root, else `$XDG_STATE_HOME/pawl`, else `~/.local/state/pawl`.",
      example: "/var/lib/pawl",
      otherwise: "see there",
    }),
  labels: () =>
    about(z._default(z.record(z.string(), z.string()), {}), {
      description: "What this host is: text by name, sent when the agent registers.",
      example: { environment: "production" },
      otherwise: "none",
    }),
  server: serverSchema,
  queue: () =>
    table(
      {
        max_events: about(
          z._default(z.int().check(z.minimum(100), z.maximum(10_000_000)), 100_000),
          "How many events wait on disk at most, for each destination; 100 to 10000000.",
        ),
        max_bytes: about(
          z.prefault(size("1MiB", "16GiB"), "64MiB"),
          "How much they may take there, for each destination; 1 MiB to 16 GiB.",
        ),
        max_age: about(
          z.prefault(duration("1m", "365d"), "7d"),
          "What has waited for longer is dropped; 1 minute to 365 days.",
        ),
      },
      "What waits on disk, for the server and for each other destination. Where a bound is passed, events that a " +
        "newer one of the same alert has superseded go first, then the oldest.",
    ),
  local: localSchema,
  log: () =>
    table({
      level: about(
        z._default(logFields.level(), "info"),
        "Its level: `debug`, `info`, `warning` or `error`. At `debug`, errors show their stacks.",
      ),
      format: about(z.optional(logFields.format()), {
        description:
          "For people `pretty`, for programs `json`; by default `pretty` where stderr is a terminal.",
        example: "json",
        otherwise: "by terminal",
      }),
    }, "The log on stderr."),
  host: () =>
    table(
      {
        procfs: about(z.optional(absolutePath()), {
          description: "Where a mount of `/proc` can be read, absolute.",
          example: "/host/proc",
        }),
        sysfs: about(z.optional(absolutePath()), {
          description: "Where a mount of `/sys` can be read, absolute.",
          example: "/host/sys",
        }),
      },
      "Where the kernel's files can be read, where that is not the usual place: a bind mount. A sandbox that names " +
        "what it allows lets nobody read `/proc` and `/sys` themselves.",
    ),
} as const;

/** What follows `check`. */
export const TABLES_BEHIND_CHECK = {
  remote: remoteSchema,
  audit: () =>
    table({
      max_bytes: about(
        z.prefault(size("64KiB", "256MiB"), "8MiB"),
        "How large a file of it becomes, 64KiB to 256MiB.",
      ),
      max_files: about(
        z._default(z.int().check(z.minimum(2), z.maximum(1000)), 8),
        "How many files are kept, 2 to 1000; the oldest goes.",
      ),
    }, "What is written down of sessions, in the folder `audit` of the state folder."),
  notify: notifySchema,
} as const;

type Made<Makers extends Readonly<Record<string, () => z.core.$ZodType>>> = {
  readonly [Name in keyof Makers]: ReturnType<Makers[Name]>;
};
type Tables = Made<typeof TABLES_BEFORE_CHECK & typeof TABLES_BEHIND_CHECK>;

/** Calls the makers whose name `has`. */
export function madeOf<Makers extends Readonly<Record<string, () => z.core.$ZodType>>>(
  makers: Makers,
  has: (name: string) => boolean = () => true,
): Made<Makers> {
  const entries = Object.entries(makers).filter(([name]) => has(name)).map(([name, make]) => [name, make()]);
  return Object.fromEntries(entries) as Made<Makers>;
}

/** A file that passed the schema. */
export type FileSettings = z.output<z.ZodMiniObject<Tables>> & { check: CheckSettings };

/** How to parse what is parsed once: a parser compiled for it would cost more than it saves. */
const PARSED_ONCE = { jitless: true } as const;

/** What the schema of the whole file says to `document`: only the parts for what it has are loaded and made. */
export async function readTables(
  document: Readonly<Record<string, unknown>>,
): Promise<z.core.util.SafeParseResult<FileSettings>> {
  const isThere = (name: string) => Object.hasOwn(document, name);
  const shape = {
    ...madeOf(TABLES_BEFORE_CHECK, isThere),
    ...isThere("check") && { check: (await import("./check_schema.ts")).checkSchema(document["check"]) },
    ...madeOf(TABLES_BEHIND_CHECK, isThere),
  };
  const result = z.strictObject(shape).safeParse(document, PARSED_ONCE);
  if (!result.success) return result as z.core.util.SafeParseError<FileSettings>;
  return { success: true, data: { ...defaultSettings(), ...result.data } as FileSettings };
}
