/** The schema of the whole file, for those who tell people of it: errors, the reference, the example. */
import * as z from "zod/mini";
import { once } from "../once.ts";
import { checkSchema } from "./check_schema.ts";
import { madeOf, TABLES_BEFORE_CHECK, TABLES_BEHIND_CHECK } from "./schema.ts";

/** What the whole file may say, in the order of the example: strict, so that a misspelt key is an error. */
export const fileSchema = once(() =>
  z.strictObject({ ...madeOf(TABLES_BEFORE_CHECK), check: checkSchema(), ...madeOf(TABLES_BEHIND_CHECK) })
);
