/** From what is configured to checks that can be run. */
import type { Clock } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import { KnownSecrets } from "../host/known_secrets.ts";
import type { CheckMemory, DefinitionOf } from "./definition.ts";
import { discreetCheck } from "./discreet_check.ts";
import type { Pace } from "./pace.ts";
import type { ScheduledCheck } from "./slot.ts";

/** One instance of a check, as it is configured. */
export interface ConfiguredCheck {
  /** The kind of check. */
  readonly plugin: string;
  /** Its own options; see `docs/checks.md`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** How often it looks, and when what it finds is told. */
  readonly pace: Pace;
}

/** What checks are made with. */
export interface CheckSource {
  /** What they look at. */
  readonly host: HostFacts;
  /** What they measure time by. */
  readonly clock: Clock;
  /**
   * What a kind of check remembers.
   * @default as long as the check lives
   */
  readonly memoryOf?: (plugin: string) => CheckMemory;
}

/** Options of {@linkcode makeChecks}. */
export interface MakeChecksOptions {
  definitionOf: DefinitionOf;
  source: CheckSource;
  /** What none of them may tell, besides the secrets among its own settings. @default [] */
  secrets?: readonly string[];
}

/** Makes the checks, fresh: none knows an earlier figure but through its memory. @throws what `definitionOf` does */
export function makeChecks(
  configured: readonly ConfiguredCheck[],
  { definitionOf, source, secrets = [] }: MakeChecksOptions,
): ScheduledCheck[] {
  const { host, clock, memoryOf = () => new ShortMemory() } = source;
  return configured.flatMap(({ plugin, settings, pace }) => {
    const seams = { host, clock, memory: memoryOf(plugin) };
    const definition = definitionOf(plugin);
    const needs = definition.needs(settings);
    const known = new KnownSecrets([...definition.secrets?.(settings) ?? [], ...secrets]);
    return definition.make(settings, seams).map((check) => ({
      check: discreetCheck(check, known),
      pace,
      needs,
    }));
  });
}

/** Lasts as long as what has it. */
export class ShortMemory implements CheckMemory {
  readonly #texts = new Map<string, string>();

  read(key: string): string | undefined {
    return this.#texts.get(key);
  }

  write(key: string, text: string): void {
    this.#texts.set(key, text);
  }
}
