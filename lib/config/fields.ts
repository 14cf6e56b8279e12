/** The kinds of value that several tables of the configuration have. */
import * as z from "zod/mini";
import { about, type TransformContext, transformed } from "../zod.ts";
import { parseDuration } from "./duration.ts";
import { parseSize } from "./size.ts";

/** A text that says something. */
export function nonEmpty(): z.ZodMiniString {
  return z.string().check(z.minLength(1));
}

/** An absolute path. */
export function absolutePath(): z.ZodMiniString {
  return z.string().check(
    z.refine((path) => path.startsWith("/"), 'must be an absolute path such as "/var"'),
  );
}

/** A text that `read` makes something of, or refuses with a reason. The message quotes nothing of it. */
export function readable<Value extends object>(read: (text: string) => Value | { problem: string }) {
  return transformed(z.string(), (text, context): Value => {
    const reading = read(text);
    if (!("problem" in reading)) return reading;
    context.addIssue({ message: `cannot be used: ${reading.problem}`, params: { quiet: true } });
    return z.NEVER;
  });
}

/** A table that may be left out, for each of its keys may. `checks` are about the table as a whole. */
export function table<Shape extends z.core.$ZodShape>(
  shape: Shape,
  text: string,
  ...checks: z.core.$ZodCheck<z.output<z.ZodMiniObject<Shape, z.core.$strict>>>[]
) {
  const object = z.strictObject(shape);
  const checked = checks.length === 0 ? object : object.check(...checks);
  return about(z.prefault(checked, {} as never), text); // no key is needed: the parser fills in what is not there
}

/** A duration from `min` to `max`, both as people write them; its output is in milliseconds. */
export function duration(min: string, max: string) {
  return transformed(
    z.string(),
    bounded({ parse: parseDuration, min, max, kind: 'a duration such as "30s", "5m" or "1h30m"' }),
  );
}

/** A size from `min` to `max`, both as people write them; its output is in bytes. A whole number is taken too. */
export function size(min: string, max: string) {
  const parse = (value: unknown) =>
    typeof value === "string" || Number.isSafeInteger(value) ? parseSize(String(value)) : undefined;
  return transformed(
    z.unknown(),
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
  return (written: Written, context: TransformContext): number => {
    const value = parse(written);
    if (value === undefined) {
      context.addIssue({ message: `must be ${kind}` });
      return z.NEVER;
    }
    if (value < (parse(min) ?? NaN) || value > (parse(max) ?? NaN)) {
      context.addIssue({ message: `must be from "${min}" to "${max}"` });
      return z.NEVER;
    }
    return value;
  };
}
