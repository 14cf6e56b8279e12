/** What a file may say about the sessions of operators. */
import * as z from "zod/mini";
import { DEFAULT_REMOTE_TOOLS, patternProblem } from "../tools/policy.ts";
import { about } from "../zod.ts";
import { SESSION_TYPE_NAMES } from "./config.ts";
import { absolutePath, duration, nonEmpty, size, table } from "./fields.ts";
import { trustedKey } from "./trusted_key.ts";

/** A policy that cannot be read is no policy: better no start than a surprise in the first session. */
const toolPattern = () =>
  nonEmpty().check(z.superRefine((pattern, context) => {
    const problem = patternProblem(pattern);
    if (problem !== undefined) {
      context.addIssue({ code: "custom", message: `cannot be used: ${problem}`, params: { quiet: true } });
    }
  }));

/** `[remote]`. */
export const remoteSchema = () =>
  table({
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
  }, "The sessions that operators open from the server.");
