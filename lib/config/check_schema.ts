/** What a file may say about the checks. */
import * as z from "zod/mini";
import { once } from "../once.ts";
import { about } from "../zod.ts";
import { ShortMemory } from "../checks/make_checks.ts";
import type { CheckDefinition } from "../checks/definition.ts";
import { CHECKS } from "../checks/registry.ts";
import { systemClock } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { duration } from "./fields.ts";

/** The options that every check has, with the defaults of this kind of check. */
export function paceOptions({ pace = {} }: Pick<CheckDefinition, "pace">) {
  // A timer cannot wait for more than 24 days, and one that fires all the time is a mistake.
  return {
    ...rhythmOptions(pace.interval ?? "30s", pace.timeout ?? "10s", pace.for ?? "0s"),
    ...sharedOptions(),
  };
}

const rhythmOptions = remembered((interval: string, timeout: string, forText: string) => ({
  interval: about(z.prefault(duration("1s", "24h"), interval), "How often to look."),
  timeout: about(
    z.prefault(duration("100ms", "10m"), timeout),
    "How long one look may take; never longer than the interval.",
  ),
  for: about(
    z.prefault(duration("0s", "24h"), forText),
    "How long a problem has to last before it is an alert.",
  ),
}));

/** Most checks have the same: schemas are not cheap to make. */
function remembered<Args extends string[], Made>(make: (...args: Args) => Made): (...args: Args) => Made {
  const made = new Map<string, Made>();
  return (...args) => {
    const key = args.join(" ");
    const known = made.get(key) ?? make(...args);
    made.set(key, known);
    return known;
  };
}

const sharedOptions = once(() => ({
  repeat_interval: about(
    z.prefault(duration("1s", "30d"), "1h"),
    "How long after an event the next one that says the same may follow.",
  ),
  repeat_count: about(
    z._default(z.union([z.int().check(z.minimum(0), z.maximum(1_000_000)), z.literal("forever")]), 3),
    'How often an event is repeated while nothing changes; "forever": as long as it lasts.',
  ),
  recovery: about(z._default(z.boolean(), true), "Whether the end of an alert is told."),
  hold: about(
    z.prefault(duration("1s", "24h"), "10m"),
    "How long an alert about something that happened (a line in a log) stays open after it happened last.",
  ),
  labels: about(
    z._default(z.record(z.string(), z.string()), {}),
    "Added to the labels of the check's events.",
  ),
}));

/** One `[[check.<plugin>]]` table: its pace, in milliseconds, and what options its kind of check has. */
export interface CheckEntry extends PaceSettings {
  readonly [option: string]: unknown;
}

type PaceSettings = z.output<z.ZodMiniObject<ReturnType<typeof paceOptions>>>;

function entrySchema(definition: CheckDefinition): z.ZodMiniType<CheckEntry> {
  return z.strictObject({ ...definition.options(), ...paceOptions(definition) });
}

/** Two that look at the same would raise and end each other's alerts. */
function watchedOnce(
  tables: Readonly<Record<string, readonly Record<string, unknown>[]>>,
  context: z.core.$RefinementCtx,
): void {
  for (const definition of CHECKS) {
    const { plugin } = definition;
    const seen = new Set<string>();
    for (const [index, entry] of (tables[plugin] ?? []).entries()) {
      const refuse = (message: string) =>
        context.addIssue({ code: "custom", path: [plugin, index], message, params: { quiet: true } });
      for (const target of targetsOf(definition, entry, refuse)) {
        if (seen.has(target)) {
          refuse(`looks at ${target}, which another [[check.${plugin}]] does already; keep one`);
        }
        seen.add(target);
      }
    }
  }
}

/** Nothing can be seen of it. */
const NO_HOST: HostFacts = new Proxy({} as HostFacts, {
  get: (_, name) => {
    throw new Error(`cannot ask the host for ${String(name)} while the configuration is read`);
  },
});

/** A definition throws where options do not fit each other: `check.redis has both …`. */
function targetsOf(
  { plugin, targets, make }: CheckDefinition,
  entry: Record<string, unknown>,
  onProblem: (problem: string) => void,
): readonly string[] {
  try {
    // Making one tells what does not fit; it asks the host nothing before it gathers.
    make(entry, { host: NO_HOST, clock: systemClock, memory: new ShortMemory() });
    return targets(entry);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    onProblem(
      message.replace(`check.${plugin} `, "").replace(`cannot set up the ${plugin} check: `, "cannot be: "),
    );
    return [];
  }
}

/**
 * `[check]`. None at all means those that fit every host; one that is there enables only what it names.
 * @param written what stands there: only the kinds of check that it has can be read then. Without it, all.
 */
export function checkSchema(written?: unknown) {
  const all = typeof written !== "object" || written === null;
  const kinds = CHECKS.filter(({ plugin }) => all || Object.hasOwn(written, plugin));
  return z.prefault(
    z.strictObject(
      Object.fromEntries(kinds.map((definition) => [
        definition.plugin,
        // Made when there is such a table: all of them cost more than the rest of a start.
        z._default(z.array(z.lazy(() => entrySchema(definition))), []),
      ])),
    ).check(z.superRefine(watchedOnce)),
    Object.fromEntries(CHECKS.filter(({ byDefault }) => byDefault).map(({ plugin }) => [plugin, [{}]])),
  );
}

/** What passed {@linkcode checkSchema}. */
export type CheckSettings = z.output<ReturnType<typeof checkSchema>>;
