/** The schema of the whole file, for those who tell people of it: errors, the reference, the example. */
import * as z from "zod/mini";
import { once } from "../once.ts";
import { checkSchema } from "./check_schema.ts";
import { TABLES } from "./schema.ts";

/** What the whole file may say, in the order of the example: strict, so that a misspelt key is an error. */
export const fileSchema = once(() => {
  const { state_dir, labels, server, queue, local, log, host, ...others } = TABLES;
  const first = { state_dir, labels, server, queue, local, log, host };
  const made = <Makers extends Record<string, () => z.core.$ZodType>>(makers: Makers) =>
    Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, make()])) as {
      [Name in keyof Makers]: ReturnType<Makers[Name]>;
    };
  return z.strictObject({ ...made(first), check: checkSchema(), ...made(others) });
});
