/**
 * What the small build of zod leaves to its users: messages in English, descriptions, transforms that may refuse. The
 * large build would be a fifth of a start. Imported for its effect, too: without it messages say `Invalid input`.
 */
import * as z from "zod/mini";
import english from "zod/v4/locales/en.js";

// Whoever embeds the agent may have set another language.
if (z.config().localeError === undefined) z.config(english());

/** What a schema says of itself. */
export interface About {
  /** A sentence or two. */
  description?: string | undefined;
  /** What could stand there, where there is no default. */
  example?: unknown;
  /** What happens without it, in words, where there is no default to write. */
  otherwise?: string;
}

/**
 * Writes down what `schema` is for: once, for the schema itself is changed by it.
 *
 * @returns the same schema
 * @throws Error for one that has been told of already: it is shared
 */
export function about<Schema extends z.core.$ZodType>(schema: Schema, text: string | About): Schema {
  if (z.globalRegistry.has(schema)) {
    throw new Error(`cannot describe a schema twice: ${JSON.stringify(text)}`);
  }
  z.globalRegistry.add(schema, typeof text === "string" ? { description: text } : { ...text });
  return schema;
}

/** Takes note of what is wrong. */
export interface TransformContext {
  addIssue(issue: { message: string; path?: PropertyKey[]; params?: Record<string, unknown> }): void;
}

/** What `transform` makes of what passed `schema`; where it adds an issue, what it returns does not matter. */
export function transformed<Schema extends z.core.$ZodType, Output>(
  schema: Schema,
  transform: (value: z.output<Schema>, context: TransformContext) => Output,
) {
  return z.pipe(
    schema,
    z.transform((value: z.output<Schema>, payload): Output => {
      const addIssue: TransformContext["addIssue"] = (issue) =>
        void payload.issues.push({ code: "custom", input: value, ...issue });
      return transform(value, { addIssue });
    }),
  );
}
