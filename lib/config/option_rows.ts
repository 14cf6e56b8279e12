/** The keys of a table of the configuration as people read them: in the example, and in the reference. */
import * as z from "zod/mini";
import type { About } from "../zod.ts";

/** One key. */
export interface OptionRow {
  /** As it stands in the table: `warn_ge`, `swap.warn_ge`. */
  readonly key: string;
  /** As it is written in TOML; undefined where there is no default. */
  readonly defaultText: string | undefined;
  /** As somebody could write it, where there is no default. */
  readonly exampleText: string | undefined;
  /** What happens without it, in words, where there is no default to write. */
  readonly otherwise: string | undefined;
  /** Whether it has to be there. */
  readonly needed: boolean;
  /** A sentence or two. */
  readonly description: string;
}

/** What `schema` says of itself, whatever it is wrapped in. */
export function metaOf(schema: z.core.$ZodType): About {
  return z.globalRegistry.get(schema) ?? z.globalRegistry.get(unwrapped(schema).inner) ?? {};
}

/** The keys of a table, in the order of its schema. A table in it is listed key by key where it has defaults. */
export function rowsOf(shape: z.core.$ZodShape, prefix = ""): OptionRow[] {
  return Object.entries(shape).flatMap(([name, schema]): OptionRow[] => {
    const key = `${prefix}${name}`;
    const { inner, written, hasDefault, optional } = unwrapped(schema);
    // One that may be left out altogether has no defaults to tell.
    if (inner instanceof z.ZodMiniObject && hasDefault) return rowsOf(inner.shape, `${key}.`);
    const { description = "", example, otherwise } = metaOf(schema);
    return [{
      key,
      defaultText: hasDefault && otherwise === undefined ? tomlText(written) : undefined,
      exampleText: example === undefined ? undefined : tomlText(example),
      otherwise,
      needed: !hasDefault && !optional,
      description,
    }];
  });
}

/** A value as TOML has it. */
export function tomlText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return entries.length === 0
      ? "{}"
      : `{ ${entries.map(([key, item]) => `${keyText(key)} = ${tomlText(item)}`).join(", ")} }`;
  }
  // JSON lets a delete character stand as it is.
  return typeof value === "string" ? JSON.stringify(value).replaceAll("\x7f", "\\u007f") : String(value);
}

/** A key as TOML has it: in quotes where it is no bare one. */
export function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key);
}

/** What is under defaults and such, and the default as it would be written. */
export function unwrapped(
  schema: z.core.$ZodType,
): { inner: z.core.$ZodType; written: unknown; hasDefault: boolean; optional: boolean } {
  let inner = schema;
  let written: unknown;
  let hasDefault = false;
  let optional = false;
  while (
    inner instanceof z.ZodMiniDefault || inner instanceof z.ZodMiniPrefault ||
    inner instanceof z.ZodMiniOptional
  ) {
    if (inner instanceof z.ZodMiniOptional) optional = true;
    else {
      written = inner.def.defaultValue;
      hasDefault = true;
    }
    inner = inner.def.innerType;
  }
  return { inner, written, hasDefault, optional };
}
