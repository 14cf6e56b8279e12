/**
 * The field kinds that payloads are built of, each made at its first use. A field that is absent or `null` reads as its
 * type's zero, because servers in the field leave zero values out.
 */
import * as z from "zod/mini";
import { once } from "../once.ts";

/** A string; absent or null reads as `""`. */
export const text = once(() => z.pipe(z.nullish(z.string()), z.transform((value) => value ?? "")));

/** A finite number; absent or null reads as 0. */
export const number = once(() => z.pipe(z.nullish(z.number()), z.transform((value) => value ?? 0)));

/** A boolean; absent or null reads as false. */
export const flag = once(() => z.pipe(z.nullish(z.boolean()), z.transform((value) => value ?? false)));

/** A list of strings; absent or null reads as `[]`. */
export const texts = once(() => z.pipe(z.nullish(z.array(z.string())), z.transform((value) => value ?? [])));

/** Strings by name; absent or null reads as `{}`. */
export const textMap = once(() =>
  z.pipe(z.nullish(z.record(z.string(), z.string())), z.transform((value) => value ?? {}))
);

/** A field that may be missing: `null` reads as absent. */
export const optionalText = once(() =>
  z.optional(z.pipe(z.nullish(z.string()), z.transform((value) => value ?? undefined)))
);

/** A number that may be missing: `null` reads as absent. */
export const optionalNumber = once(() =>
  z.optional(z.pipe(z.nullish(z.number()), z.transform((value) => value ?? undefined)))
);
