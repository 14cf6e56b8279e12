import type * as z from "zod/mini";
import { type Clock, systemClock } from "../../lib/clock.ts";
import type { Check, Finding } from "../../lib/checks/check.ts";
import { type CheckDefinition, type CheckMemory, optionsSchema } from "../../lib/checks/definition.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import type { HostFacts } from "../../lib/host/host_facts.ts";

/** What a check remembers, in a map. */
export class MapMemory implements CheckMemory {
  readonly texts = new Map<string, string>();
  writes = 0;

  read(key: string): string | undefined {
    return this.texts.get(key);
  }

  write(key: string, text: string): void {
    this.writes++;
    this.texts.set(key, text);
  }
}

/** Makes the one check of a definition, from options as they stand in a configuration. */
export function makeCheck<Shape extends z.core.$ZodShape>(
  definition: CheckDefinition<Shape>,
  settings: Record<string, unknown>,
  { memory = new MapMemory(), clock = systemClock, host = new FixtureFacts() as HostFacts }: {
    memory?: CheckMemory;
    clock?: Clock;
    host?: HostFacts;
  } = {},
): Check {
  const [check] = definition.make(optionsSchema(definition).parse(settings), { host, clock, memory });
  if (check === undefined) throw new Error("the definition made no check");
  return check;
}

/** Why options are refused; empty when they are not. */
export function refusals<Shape extends z.core.$ZodShape>(
  definition: CheckDefinition<Shape>,
  settings: Record<string, unknown>,
): string[] {
  const result = optionsSchema(definition).safeParse(settings);
  return result.success
    ? []
    : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

/** One gather without a deadline. */
export function gather(check: Check): Promise<Finding[]> {
  return check.gather(new AbortController().signal);
}

/** The findings of one dimension. */
export async function found(check: Check, dimension: string): Promise<Finding[]> {
  return (await gather(check)).filter(({ labels }) => labels.check === dimension);
}
