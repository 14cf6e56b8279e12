/** Whether as many processes of a kind run as should. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, nonEmpty } from "../config/fields.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { lazyCheck } from "./lazy_check.ts";

const match = () =>
  z.strictObject({
    name: z.optional(nonEmpty().check(z.regex(/^[^/]+$/, "must be a program's name without its folder"))),
    cmdline: z.optional(nonEmpty()),
    pidfile: z.optional(absolutePath()),
  }).check(z.refine(
    ({ name, cmdline, pidfile }) => [name, cmdline, pidfile].filter((way) => way !== undefined).length === 1,
    "must have exactly one of name, cmdline and pidfile",
  ));
type Match = z.output<ReturnType<typeof match>>;

const bound = (severity: string, side: string) =>
  about(z.optional(z.int().check(z.minimum(0))), {
    description: `${severity} when there are ${side} processes than this; left out, it is off.`,
    example: side === "fewer" ? 1 : 10,
  });

const options = () => ({
  match: about(match(), {
    description:
      "Which processes: name = the program's exact name, or cmdline = a pattern for the whole command " +
      "line with * and ?, or pidfile = a file with one process's id.",
    example: { name: "nginx" },
  }),
  warn_lt: bound("Warning", "fewer"),
  critical_lt: about(
    z._default(z.int().check(z.minimum(0)), 1),
    "Critical when there are fewer processes than this; 0 turns it off.",
  ),
  warn_gt: bound("Warning", "more"),
  critical_gt: bound("Critical", "more"),
});

/** The options of `[[check.procnum]]`, read. */
export type ProcnumSettings = SettingsOf<typeof options>;

/** Counts the processes that go by a name, a command line, or a file with their id. Zombies do not run. */
export const PROCNUM_CHECK = defineCheck({
  plugin: "procnum",
  summary: "whether as many processes of a kind run as should",
  dimensions: [{
    dimension: "process_count",
    target: "the name, pattern or pidfile",
    figure: "how many run",
    source: "`/proc/<pid>/stat`, `exe`, `cmdline`",
    defaults: "critical < 1",
  }],
  options,
  byDefault: false,
  targets: (settings) => [targetOf(settings.match)],
  needs: ({ match: { pidfile } }) => [
    { kernel: "/proc" },
    ...(pidfile === undefined ? [] : [{ read: pidfile } as const]),
  ],
  make(settings, { host }): Check[] {
    const target = targetOf(settings.match);
    return [lazyCheck({ plugin: "procnum", target }, async () => {
      const { ProcnumLook } = await import("./procnum_look.ts");
      return new ProcnumLook(target, settings, host);
    })];
  },
});

function targetOf({ name, cmdline, pidfile }: Match): string {
  return name ?? cmdline ?? pidfile ?? "";
}
