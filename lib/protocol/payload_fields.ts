/**
 * The field kinds that payloads are built of, each made at its first use. A field that is absent or `null` reads as its
 * type's zero, because servers in the field leave zero values out.
 */
import * as z from "zod/mini";
import { once } from "../once.ts";
import "../zod.ts"; // for its language

/** `schema`, or what `zero` makes where the field is absent or null. */
export function orElse<Schema extends z.core.$ZodType>(schema: Schema, zero: () => z.output<Schema>) {
  return z.pipe(
    z.nullish(schema),
    z.transform((value: z.output<Schema> | null | undefined): z.output<Schema> => value ?? zero()),
  );
}

/** `schema`, or nothing: a field that may be missing; `null` reads as absent. */
export function maybe<Schema extends z.core.$ZodType>(schema: Schema) {
  return z.optional(
    z.pipe(
      z.nullish(schema),
      z.transform((value: z.output<Schema> | null | undefined): z.output<Schema> | undefined =>
        value ?? undefined
      ),
    ),
  );
}

/** A string; absent or null reads as `""`. */
export const text = once(() => orElse(z.string(), () => ""));

/** A finite number; absent or null reads as 0. */
export const number = once(() => orElse(z.number(), () => 0));

/** A boolean; absent or null reads as false. */
export const flag = once(() => orElse(z.boolean(), () => false));

/** A list of strings; absent or null reads as `[]`. */
export const texts = once(() => orElse(z.array(z.string()), () => []));

/** Strings by name; absent or null reads as `{}`. */
export const textMap = once(() => orElse(z.record(z.string(), z.string()), () => ({})));

/** A field that may be missing: `null` reads as absent. */
export const optionalText = once(() => maybe(z.string()));

/** A number that may be missing: `null` reads as absent. */
export const optionalNumber = once(() => maybe(z.number()));
