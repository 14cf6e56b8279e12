/** Getting figures out of a tool's data: what is not there, or not a number, gives none. */
import { type Evidence, figureText, type Resource, type Subject, type Unit } from "../evidence.ts";

/** A JSON object that may have any keys. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Takes the figures from one tool's data. */
export type Reading = (data: unknown, tool: string) => Evidence[];

/** The value as an object; an empty one where it is none. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as JsonObject : {};
}

/** The objects of a list; none where it is no list. */
export function rowsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

/** A finite number, or undefined. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A text that says something, or undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** One figure, or none where the value is not a number. */
export function figure(
  tool: string,
  resource: Resource,
  name: string,
  value: unknown,
  unit: Unit,
  subject: Subject = {},
): Evidence[] {
  const number = numberOf(value);
  if (number === undefined) return [];
  return [{ resource, name, value: number, unit, text: figureText(number, unit), tool, subject }];
}

/** Whose it is: `pid` and the program's name. */
export function processOf(row: JsonObject): Subject {
  const pid = numberOf(row.pid);
  const name = textOf(row.name) ?? textOf(row.program);
  return { ...(pid !== undefined && { pid }), ...(name !== undefined && { name }) };
}

/** As {@linkcode figure}, but nothing where it is 0: an idle process is no news. */
export function active(...args: Parameters<typeof figure>): Evidence[] {
  return figure(...args).filter(({ value }) => value > 0);
}
