/** What a value had to be, in words. */
import type * as z from "zod/mini";

/** What a value had to be, for an issue that is about a value; of a file or of a flag. */
export function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case "invalid_union":
      return `must be one of ${("options" in issue ? issue.options ?? [] : []).map(String).join(", ")}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return "must not be empty";
      return `must be at least ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a finite number",
  int: "a whole number",
  array: "a list",
  object: "a table",
  record: "a table",
  boolean: "true or false",
};
