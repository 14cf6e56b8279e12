/** What a kind of check is: its place in the configuration, in the documentation, and how its instances are made. */
import * as z from "zod/mini";
import type { Clock } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { Need } from "../host/need.ts";
import type { Check } from "./check.ts";

/** What a check may remember over a restart. Keys are the check's own; texts are kept as they are. */
export interface CheckMemory {
  /** What was written last under `key`. */
  read(key: string): string | undefined;
  /** Takes the place of what was there. Never throws: what cannot be kept is forgotten at the next start. */
  write(key: string, text: string): void;
}

/** What every check is given. */
export interface CheckSeams {
  readonly host: HostFacts;
  readonly clock: Clock;
  /** Kept over restarts where the agent has a state folder; each plugin has a space of its own. */
  readonly memory: CheckMemory;
}

/** One row of the documentation: what a check looks at, and from where on that is an alert. */
export interface DimensionRow {
  /** What follows `<plugin>::` in the label `check`. */
  readonly dimension: string;
  /** The label `target`, or what stands there. */
  readonly target: string;
  /** What is looked at, in words. */
  readonly figure: string;
  /** Where that is read. */
  readonly source: string;
  /** The defaults in words: `warning ≥ 80 %, critical ≥ 90 %`, or `off`. */
  readonly defaults: string;
}

/** How often a kind of check looks, and when what it finds becomes an alert, unless the configuration says otherwise. */
export interface PaceDefaults {
  /** From one gather's start to the next one's, as the configuration has it. @default "30s" */
  readonly interval?: string;
  /** How long a finding has to last before it is an alert. @default "0s" */
  readonly for?: string;
  /** How long one gather may take; never longer than the interval. @default "10s" */
  readonly timeout?: string;
}

/** A kind of check. */
export interface CheckDefinition<Shape extends z.core.$ZodShape = z.core.$ZodShape> {
  /** The name in `[[check.<plugin>]]`, in `register` and in sessions. */
  readonly plugin: string;
  /** One line: what it is for. */
  readonly summary: string;
  /** At least one. */
  readonly dimensions: readonly DimensionRow[];
  /**
   * The options of one `[[check.<plugin>]]` table, without those that every check has. Each has a text, by `about`: one
   * sentence for the reference. The main figure's thresholds are `warn_ge` and `critical_ge`; those of another figure
   * stand in a table of its own: `swap = { warn_ge = 10, critical_ge = 30 }`. Made when they are asked for: a start does
   * without.
   */
  readonly options: () => Shape;
  readonly pace?: PaceDefaults;
  /** Whether it runs when the configuration names no check at all: only what fits every host, and needs no option. */
  readonly byDefault: boolean;
  /** Whether a first look can say nothing, for want of an earlier one to compare with: then two make one. */
  readonly differential?: boolean;
  /**
   * What one instance looks at, as far as that is known beforehand: no two instances of a plugin may have a target in
   * common. A check of the whole host has its one fixed name.
   */
  targets(settings: z.output<z.ZodMiniObject<Shape, z.core.$strict>>): readonly string[];
  /** What one instance needs. */
  needs(settings: z.output<z.ZodMiniObject<Shape, z.core.$strict>>): readonly Need[];
  /** The values among the settings that no log may show. @default none */
  secrets?(settings: z.output<z.ZodMiniObject<Shape, z.core.$strict>>): readonly string[];
  /**
   * Makes one instance's checks, fresh. Several, where a target that hangs must not hold up another. Asks the host
   * nothing yet.
   * @throws Error where options do not fit each other, saying so: the configuration is refused with that.
   */
  make(settings: z.output<z.ZodMiniObject<Shape, z.core.$strict>>, seams: CheckSeams): Check[];
}

/** Gives the kind of check of a name. @throws RangeError where there is none, or it was not asked for */
export type DefinitionOf = (plugin: string) => CheckDefinition;

/** What the options of a definition become once they are read. */
export type SettingsOf<Options extends () => z.core.$ZodShape> = z.output<
  z.ZodMiniObject<ReturnType<Options>, z.core.$strict>
>;

/** Ties the types of a definition together. */
export function defineCheck<Shape extends z.core.$ZodShape>(
  definition: CheckDefinition<Shape>,
): CheckDefinition<Shape> {
  return definition;
}

/** The schema of a definition's own options. */
export function optionsSchema<Shape extends z.core.$ZodShape>(
  definition: CheckDefinition<Shape>,
): z.ZodMiniObject<Shape, z.core.$strict> {
  return z.strictObject(definition.options());
}
