/** Which keys the configuration has: asked by error messages, and by the tests of example and reference. */
import * as z from "zod/mini";
import { fileSchema } from "./file_schema.ts";
import { valueAt } from "./toml.ts";

/** Stands for the name that people choose: `notify.NAME.url`. */
export const ANY_NAME = "NAME";

/**
 * The keys that may stand in the table at `path` (no path: at the top), or undefined where any may, or where there
 * is no such table.
 *
 * @param document tells what a table's `type` is, where its keys depend on that; without one, all types' keys are
 * given.
 */
export function knownKeys(path: readonly PropertyKey[], document?: unknown): string[] | undefined {
  let schemas = alternatives(fileSchema(), document);
  for (const [index, step] of path.entries()) {
    const value = valueAt(document, path.slice(0, index + 1));
    schemas = schemas.flatMap((schema) => alternatives(inner(schema, step), value));
  }
  const tables = schemas.filter((schema) => schema instanceof z.ZodMiniObject);
  if (tables.length === 0) return undefined;
  return [...new Set(tables.flatMap((table) => Object.keys(table.shape)))];
}

/** Every key of the schema that holds a value, dotted: `server.address`, `check.cpu.interval`. */
export function allKeys(path: readonly PropertyKey[] = []): string[] {
  return (knownKeys(path) ?? []).flatMap((key) => {
    const table = [[...path, key], [...path, key, 0], [...path, key, ANY_NAME]]
      .find((candidate) => knownKeys(candidate) !== undefined);
    if (table !== undefined) return allKeys(table);
    return [[...path, key].filter((step) => typeof step === "string").join(".")];
  });
}

function inner(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodMiniArray) return typeof step === "number" ? schema.def.element : undefined;
  if (schema instanceof z.ZodMiniRecord) return typeof step === "string" ? schema.def.valueType : undefined;
  if (schema instanceof z.ZodMiniObject && Object.hasOwn(schema.shape, step)) {
    return schema.shape[String(step)];
  }
  return undefined;
}

/** What `schema` comes down to, given the value that is there. */
function alternatives(schema: z.core.$ZodType | undefined, value: unknown): z.core.$ZodType[] {
  for (;;) {
    if (schema instanceof z.ZodMiniLazy) schema = schema.def.getter();
    else if (
      schema instanceof z.ZodMiniDefault || schema instanceof z.ZodMiniPrefault ||
      schema instanceof z.ZodMiniOptional
    ) schema = schema.def.innerType;
    else break;
  }
  if (schema === undefined) return [];
  if (!(schema instanceof z.ZodMiniDiscriminatedUnion)) return [schema];
  const { discriminator, options } = schema._zod.def;
  const type = valueAt(value, [discriminator]);
  const fitting = options.filter((option) => {
    const tag = option instanceof z.ZodMiniObject ? option.shape[discriminator] : undefined;
    return tag !== undefined && z.safeParse(tag, type).success;
  });
  return [...fitting.length > 0 ? fitting : options];
}
