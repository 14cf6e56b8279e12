/** What a program of the operator's finds: events as JSON, or a plugin of the Nagios kind. */
import { lazyCheck } from "./lazy_check.ts";
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, duration } from "../config/fields.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";

const options = () => ({
  name: about(
    z.string().check(
      z.regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/i, "must be letters, digits, `_`, `-` and `.`, at most 64"),
      z.refine(
        (name) => name !== "error",
        "cannot be error: that is where a program that does not work is told",
      ),
    ),
    "What this program's findings go by: `exec::<name>`, and their target where it tells none.",
  ),
  program: about(absolutePath(), "The program, by its absolute path; it is never run through a shell."),
  args: about(
    z._default(z.array(z.string().check(z.maxLength(4096))).check(z.maxLength(100)), []),
    "The program's arguments, one by one.",
  ),
  mode: about(
    z._default(z.enum(["json", "nagios"]), "json"),
    "What it prints: events as JSON, or one line and an exit code as Nagios plugins have it.",
  ),
  time_limit: about(
    z.prefault(duration("100ms", "10m"), "20s"),
    "How long it may run before it is ended; shorter than `timeout`, or that ends it first.",
  ),
  env: about(
    z._default(
      z.record(z.string(), z.string()).check(z.superRefine((env, context) => {
        for (const name of Object.keys(env)) {
          const problem = problemOfVariable(name);
          if (problem !== undefined) context.addIssue({ code: "custom", path: [name], message: problem });
        }
      })),
      {},
    ),
    "Its environment, besides `PATH` and `LC_ALL=C`: it sees nothing of the agent's own.",
  ),
});
/** The options of `[[check.exec]]`, read. */
export type ExecSettings = SettingsOf<typeof options>;

function problemOfVariable(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return "is no name of a variable";
  // The sandbox refuses them: a program could be made to run anything.
  return /^(?:LD_|DYLD_)/.test(name)
    ? "cannot be set: no program may be loaded with other libraries"
    : undefined;
}

/** A program that the configuration names. */
export const EXEC_CHECK = defineCheck({
  plugin: "exec",
  summary: "a program of yours: events as JSON, or a Nagios plugin",
  dimensions: [
    {
      dimension: "<name>",
      target: "what the program names, else its name",
      figure: "what the program finds",
      source: "its standard output and exit code",
      defaults: "as the program rates it",
    },
    {
      dimension: "error",
      target: "the name",
      figure: "whether the program works",
      source: "its end, and the form of its output",
      defaults: "critical where it does not",
    },
  ],
  options,
  pace: { interval: "1m", timeout: "30s" },
  byDefault: false,
  targets: ({ name }) => [name],
  needs: ({ program }) => [{ run: program }],
  secrets: ({ env }) => Object.values(env),
  make: (settings, { clock }): Check[] => [
    lazyCheck({ plugin: "exec", target: settings.name }, async () => {
      const { look } = await import("./exec_look.ts");
      return { gather: (signal) => look(settings, clock, signal) };
    }),
  ],
});
