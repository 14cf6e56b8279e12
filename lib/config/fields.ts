/** The kinds of value that several tables of the configuration have. */
import * as z from "zod";
import { once } from "../once.ts";
import { parseDuration } from "./duration.ts";
import { parseSize } from "./size.ts";

/** A text that says something. */
export const nonEmpty: () => z.ZodString = once(() => z.string().min(1));

/** An absolute path. */
export const absolutePath: () => z.ZodString = once(() =>
  z.string().refine((path) => path.startsWith("/"), 'must be an absolute path such as "/var"')
);

/** A duration from `min` to `max`, both as people write them; its output is in milliseconds. */
export function duration(min: string, max: string) {
  return z.string().transform(
    bounded({ parse: parseDuration, min, max, kind: 'a duration such as "30s", "5m" or "1h30m"' }),
  );
}

/** A size from `min` to `max`, both as people write them; its output is in bytes. A whole number is taken too. */
export function size(min: string, max: string) {
  const parse = (value: unknown) =>
    typeof value === "string" || Number.isSafeInteger(value) ? parseSize(String(value)) : undefined;
  return z.unknown().transform(
    bounded({ parse, min, max, kind: 'a size such as "512KiB", "64MiB" or "1GiB"' }),
  );
}

interface Bounds<Written> {
  parse: (written: Written) => number | undefined;
  min: Written & string;
  max: Written & string;
  kind: string;
}

function bounded<Written>({ parse, min, max, kind }: Bounds<Written>) {
  return (written: Written, context: z.RefinementCtx): number => {
    const value = parse(written);
    if (value === undefined) {
      context.addIssue({ code: "custom", message: `must be ${kind}` });
      return z.NEVER;
    }
    if (value < (parse(min) ?? NaN) || value > (parse(max) ?? NaN)) {
      context.addIssue({ code: "custom", message: `must be from "${min}" to "${max}"` });
      return z.NEVER;
    }
    return value;
  };
}
