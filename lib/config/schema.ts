/**
 * What a file may say. The schemas of a table are made when there is one: to make them all, and have them fill in
 * their defaults, would be a quarter of a start. What a file leaves out is in `default_settings.ts`.
 */
import * as z from "zod/mini";
import { about, transformed } from "../zod.ts";
import { DEFAULT_REMOTE_TOOLS, patternProblem } from "../tools/policy.ts";
import { readServerAddress } from "./address.ts";
import type { CheckSettings } from "./check_schema.ts";
import { LOG_FORMATS, LOG_LEVELS, SESSION_TYPE_NAMES } from "./config.ts";
import { DEFAULT_SETTINGS } from "./default_settings.ts";
import { absolutePath, duration, nonEmpty, size } from "./fields.ts";
import { localSchema } from "./local_schema.ts";
import { notifySchema } from "./notify_schema.ts";
import { readProxy } from "./proxy.ts";
import { trustedKey } from "./trusted_key.ts";

const DEFAULT_ALERT_BUFFER_SIZE = 1000;

/** A policy that cannot be read is no policy: better no start than a surprise in the first session. */
const toolPattern = () =>
  nonEmpty().check(z.superRefine((pattern, context) => {
    const problem = patternProblem(pattern);
    if (problem !== undefined) {
      context.addIssue({ code: "custom", message: `cannot be used: ${problem}`, params: { quiet: true } });
    }
  }));

const address = () =>
  transformed(
    z.string(),
    (text, context) => {
      const reading = readServerAddress(text);
      if ("url" in reading) return reading.url;
      context.addIssue({
        message: `cannot be used: ${reading.problem}`,
        params: { quiet: true },
      });
      return z.NEVER;
    },
  );

const proxy = () =>
  transformed(
    z.string(),
    (text, context) => {
      const reading = readProxy(text);
      if ("proxy" in reading) return reading.proxy;
      context.addIssue({
        message: `cannot be used: ${reading.problem}`,
        params: { quiet: true },
      });
      return z.NEVER;
    },
  );

/** The schemas of `[server]`'s single values; flags pass them too. */
export const serverFields = { address, file: nonEmpty };

/** The schemas of `[log]`'s values; flags pass them too. */
export const logFields = { level: () => z.enum(LOG_LEVELS), format: () => z.enum(LOG_FORMATS) };

/** What may stand at the top of the file besides `check`: what makes the schema of each. */
export const TABLES = {
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
  server: () =>
    about(
      z.prefault(
        z.strictObject({
          address: about(z.optional(address()), {
            description:
              "The server: `host[:port]`, or an `http`, `https`, `ws` or `wss` URL without path, query and " +
              "fragment. Without a scheme: `wss`, for `localhost`, `127.0.0.0/8` and `::1` `ws`.",
            example: "hub.example.com:8443",
          }),
          addresses: about(
            z._default(z.array(address()), []),
            "Further servers that do the same. The one that worked last is kept to; when it fails, another is tried.",
          ),
          token: about(z.optional(nonEmpty()), {
            description:
              "The secret that the server knows this agent by. Not beside `server.token_file`. Better kept in " +
              "a file of its own, or in a variable.",
            example: "${PAWL_TOKEN}",
          }),
          token_file: about(z.optional(nonEmpty()), {
            description: "A file with the token; white space around it is cut off.",
            example: "/etc/pawl/token",
          }),
          ca_file: about(z.optional(nonEmpty()), {
            description:
              "A PEM file with certificate authorities to trust besides those that the runtime brings.",
            example: "/etc/pawl/ca.pem",
          }),
          cert_file: about(z.optional(nonEmpty()), {
            description:
              "A PEM file with the certificate, and what leads to its authority, to show to servers that ask " +
              "for one. Needs `server.key_file`.",
            example: "/etc/pawl/agent.pem",
          }),
          key_file: about(z.optional(nonEmpty()), {
            description: "A PEM file with that certificate's private key, not encrypted.",
            example: "/etc/pawl/agent.key",
          }),
          proxy: about(z.optional(proxy()), {
            description:
              "An HTTP proxy to reach `wss` servers through, by CONNECT: `http://[user:password@]host:port`. " +
              "Without it none is used, whatever the environment says.",
            example: "http://proxy.example.com:3128",
          }),
          alert_buffer_size: about(
            z.prefault(
              z.pipe(
                z.int().check(z.maximum(1_000_000)),
                z.transform((size) => size > 0 ? size : DEFAULT_ALERT_BUFFER_SIZE),
              ),
              DEFAULT_ALERT_BUFFER_SIZE,
            ),
            "How many alert events wait in memory at most, where no queue on disk can be had; when it is full, the " +
              "oldest goes. 0 or less reads as the default; at most 1000000.",
          ),
        }).check(
          z.refine((server) => server.token === undefined || server.token_file === undefined, {
            path: ["token_file"],
            message: "cannot stand beside server.token; keep one of them",
            params: { quiet: true },
          }),
          z.refine((server) => server.cert_file === undefined || server.key_file !== undefined, {
            path: ["cert_file"],
            message: "needs server.key_file beside it",
            params: { quiet: true },
          }),
          z.refine((server) => server.key_file === undefined || server.cert_file !== undefined, {
            path: ["key_file"],
            message: "needs server.cert_file beside it",
            params: { quiet: true },
          }),
        ),
        {},
      ),
      "The server to connect to.",
    ),
  queue: () =>
    about(
      z.prefault(
        z.strictObject({
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
        }),
        {},
      ),
      "What waits on disk, for the server and for each other destination. Where a bound is passed, events that a " +
        "newer one of the same alert has superseded go first, then the oldest.",
    ),
  local: localSchema,
  log: () =>
    about(
      z.prefault(
        z.strictObject({
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
        }),
        {},
      ),
      "The log on stderr.",
    ),
  host: () =>
    about(
      z.prefault(
        z.strictObject({
          procfs: about(z.optional(absolutePath()), {
            description: "Where a mount of `/proc` can be read, absolute.",
            example: "/host/proc",
          }),
          sysfs: about(z.optional(absolutePath()), {
            description: "Where a mount of `/sys` can be read, absolute.",
            example: "/host/sys",
          }),
        }),
        {},
      ),
      "Where the kernel's files can be read, where that is not the usual place: a bind mount. A sandbox that names " +
        "what it allows lets nobody read `/proc` and `/sys` themselves.",
    ),
  remote: () =>
    about(
      z.prefault(
        z.strictObject({
          max_sessions: about(
            z._default(z.int().check(z.minimum(1), z.maximum(1000)), 3),
            "How many sessions of operators run at once, 1 to 1000.",
          ),
          chat_idle_timeout: about(
            z.prefault(duration("1s", "24h"), "30m"),
            "A chat without a message for this long ends.",
          ),
          sessions: about(
            z._default(z.array(z.enum(SESSION_TYPE_NAMES)), [...SESSION_TYPE_NAMES]),
            "Which types of session may run: `inspect`, `diagnose`, `chat`. Without any, none.",
          ),
          users: about(
            z._default(z.array(nonEmpty()), []),
            "Who may open one, by the server's word: names, with `*` and `?`. Without any, everybody.",
          ),
          max_turns: about(
            z._default(z.int().check(z.minimum(1), z.maximum(10_000)), 100),
            "How many turns a chat may have, 1 to 10000.",
          ),
          max_minutes: about(
            z._default(z.int().check(z.minimum(1), z.maximum(1440)), 60),
            "How many minutes a session may take, 1 to 1440.",
          ),
          max_output: about(
            z.prefault(size("64KiB", "1GiB"), "16MiB"),
            "How much one session may send, 64KiB to 1GiB.",
          ),
          max_tool_runs: about(
            z._default(z.int().check(z.minimum(1), z.maximum(100_000)), 200),
            "How many tools one session may run, 1 to 100000.",
          ),
          max_sessions_per_hour: about(
            z._default(z.int().check(z.minimum(1), z.maximum(100_000)), 120),
            "How many sessions may begin within an hour, 1 to 100000.",
          ),
          max_tool_runs_per_hour: about(
            z._default(z.int().check(z.minimum(1), z.maximum(100_000)), 2000),
            "How many tools all sessions together may run within an hour, 1 to 100000.",
          ),
          tools: about(
            z._default(z.array(toolPattern()), [...DEFAULT_REMOTE_TOOLS]),
            "Which tools sessions may use: names, names with `*`, `family:NAME`, `reach:NAME` (`host`, `files`, " +
              "`network`, `service`, `program`); a `!` in front denies, and wins.",
          ),
          log_roots: about(
            z._default(z.array(absolutePath()), ["/var/log"]),
            "The folders below which tools may read files.",
          ),
          allow_run: about(
            z._default(z.array(absolutePath()), []),
            "The programs that tools may run: absolute paths.",
          ),
          trusted_keys: about(
            z._default(z.array(trustedKey()), []),
            "Whose sessions to take: public keys, as `pawl keygen` prints them. With any here, a session that none of " +
              "them signed is refused.",
          ),
        }),
        {},
      ),
      "The sessions that operators open from the server.",
    ),
  audit: () =>
    about(
      z.prefault(
        z.strictObject({
          max_bytes: about(
            z.prefault(size("64KiB", "256MiB"), "8MiB"),
            "How large a file of it becomes, 64KiB to 256MiB.",
          ),
          max_files: about(
            z._default(z.int().check(z.minimum(2), z.maximum(1000)), 8),
            "How many files are kept, 2 to 1000; the oldest goes.",
          ),
        }),
        {},
      ),
      "What is written down of sessions, in the folder `audit` of the state folder.",
    ),
  notify: notifySchema,
} as const;

type Tables = { readonly [Name in keyof typeof TABLES]: ReturnType<typeof TABLES[Name]> };

/** A file that passed the schema. */
export type FileSettings = z.output<z.ZodMiniObject<Tables>> & { check: CheckSettings };

/** How to parse what is parsed once: a parser compiled for it would cost more than it saves. */
const PARSED_ONCE = { jitless: true } as const;

/** What the schema of the whole file says to `document`: only the parts for what it has are loaded and made. */
export async function readTables(
  document: Readonly<Record<string, unknown>>,
): Promise<z.core.util.SafeParseResult<FileSettings>> {
  const there = Object.entries(TABLES).filter(([name]) => Object.hasOwn(document, name));
  const shape: Record<string, z.core.$ZodType> = Object.fromEntries(
    there.map(([name, make]) => [name, make()]),
  );
  if (document["check"] !== undefined) {
    const { checkSchema } = await import("./check_schema.ts");
    shape["check"] = checkSchema(document["check"]);
  }
  const result = z.strictObject(shape).safeParse(document, PARSED_ONCE);
  if (!result.success) return result as z.core.util.SafeParseError<FileSettings>;
  return { success: true, data: { ...DEFAULT_SETTINGS, ...result.data } as FileSettings };
}
