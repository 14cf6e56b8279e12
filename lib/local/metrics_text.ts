/** Writes figures in the Prometheus text format, version 0.0.4. Pure. */

/** The content type of what {@linkcode MetricsText.toString} gives. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A figure, and the labels that tell it from the others of its family. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** Collects families in the order in which they are added; each name once. */
export class MetricsText {
  readonly #names = new Set<string>();
  #text = "";

  /** Adds a counter (`_total` is the caller's to write) or gauge. A family without samples is left out. */
  add(name: string, type: "counter" | "gauge", help: string, samples: Iterable<Sample>): void {
    this.#family(name, type, help, [...samples].map((sample) => ["", ...sample] as const));
  }

  /** Adds a summary without quantiles: how many there were, and what they come to together. */
  addSummary(
    name: string,
    help: string,
    samples: Iterable<readonly [Readonly<Record<string, string>>, { sum: number; count: number }]>,
  ): void {
    const lines = [...samples].flatMap(([labels, { sum, count }]) =>
      [["_sum", labels, sum], ["_count", labels, count]] as const
    );
    this.#family(name, "summary", help, lines);
  }

  #family(
    name: string,
    type: string,
    help: string,
    lines: readonly (readonly [suffix: string, ...Sample])[],
  ): void {
    if (lines.length === 0) return;
    if (this.#names.has(name)) throw new Error(`cannot add the metric ${name}: it is there already`);
    this.#names.add(name);
    this.#text += `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`;
    this.#text += `# TYPE ${name} ${type}\n`;
    const series = new Set<string>();
    for (const [suffix, labels, value] of lines) {
      const one = `${name}${suffix}${labelsText(labels)}`;
      if (series.has(one)) continue; // one series twice would make the whole scrape fail
      series.add(one);
      this.#text += `${one} ${numberText(value)}\n`;
    }
  }

  toString(): string {
    return this.#text;
  }
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
