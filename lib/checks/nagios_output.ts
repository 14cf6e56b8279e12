/** What a plugin of the Nagios kind says: a line for people, and figures after a `|`. */
import { cleanLine } from "../host/foreign_text.ts";

/** One figure of a plugin, in its own words. */
export interface PerformanceFigure {
  /** What it is called. */
  readonly label: string;
  /** With its unit: `0.96`, `26662141952B`, `10%`. */
  readonly value: string;
  /** The ranges that it is rated by; empty where the plugin tells none. */
  readonly warn: string;
  readonly critical: string;
}

/** What is read of a plugin's output. */
export interface NagiosOutput {
  /** The first line, without figures. May be empty. */
  readonly line: string;
  /** The lines after it, without figures. */
  readonly longText: string;
  readonly figures: readonly PerformanceFigure[];
}

const MAX_LINE_CHARS = 1024;
const MAX_LONG_LINES = 200;
const MAX_FIGURES = 50;
const MAX_LABEL_CHARS = 64;
const MAX_FIGURE_CHARS = 100;

/** `label=value;warn;critical;min;max`, the label quoted where it has blanks; a quote in it is doubled. */
const FIGURE = /(?:'((?:[^']|'')*)'|([^\s='|]+))=([^\s;]*)(?:;([^\s;]*))?(?:;([^\s;]*))?\S*/g;

/** Reads a plugin's standard output. Takes any text; what it does not understand is left out. */
export function parseNagiosOutput(stdout: string): NagiosOutput {
  const [first = "", ...rest] = stdout.split("\n", MAX_LONG_LINES + 1);
  const [line, firstFigures] = atBar(first);
  // After the first line comes more text, and from a second bar on only figures.
  const bar = rest.findIndex((text) => text.includes("|"));
  const [lastText, restFigures] = bar === -1 ? ["", ""] : atBar(rest.slice(bar).join("\n"));
  const longText = [...rest.slice(0, bar === -1 ? rest.length : bar), lastText].join("\n").trim();
  return {
    line: cleanLine(line, MAX_LINE_CHARS),
    longText,
    figures: readFigures(`${firstFigures} ${restFigures}`),
  };
}

function atBar(text: string): [before: string, after: string] {
  const bar = text.indexOf("|");
  return bar === -1 ? [text, ""] : [text.slice(0, bar), text.slice(bar + 1)];
}

function readFigures(text: string): PerformanceFigure[] {
  const figures: PerformanceFigure[] = [];
  for (const [, quoted, plain = "", value = "", warn = "", critical = ""] of text.matchAll(FIGURE)) {
    if (figures.length === MAX_FIGURES) break;
    const label = cleanLine(quoted?.replaceAll("''", "'") ?? plain, MAX_LABEL_CHARS);
    // "U" is what a plugin writes where it could not find out.
    if (label === "" || !/^[-+]?[\d.]/.test(value)) continue;
    const clean = (field: string) => cleanLine(field, MAX_FIGURE_CHARS);
    figures.push({ label, value: clean(value), warn: clean(warn), critical: clean(critical) });
  }
  return figures;
}
