/** How figures are put into sentences. */
import { type Evidence, subjectText } from "../evidence.ts";

/** The figure's text. */
export function textOf({ text }: Evidence): string {
  return text;
}

/** `pid 12 ("nginx"), pid 13 ("cp")`: the first of them. */
export function listed(evidence: readonly Evidence[], most = 3): string {
  const shown = evidence.slice(0, most).map(({ subject }) => subjectText(subject));
  return shown.join(", ") + (evidence.length > most ? " and others" : "");
}

/** `pid 12 ("nginx") with 4.0 GiB`. */
export function withFigure({ subject, text }: Evidence): string {
  return `${subjectText(subject)} with ${text}`;
}

/** Those that are there. */
export function present<T>(...items: (T | undefined)[]): T[] {
  return items.filter((item) => item !== undefined);
}
