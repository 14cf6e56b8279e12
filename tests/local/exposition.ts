/** A strict reader of the Prometheus text format, version 0.0.4: what it does not know for sure it refuses. */

/** A family: a name, what it is, and its samples. */
export interface Family {
  readonly type: string;
  readonly help: string;
  /** By suffix and labels, as they stand there: `_sum{plugin="cpu"}`. */
  readonly samples: Map<string, number>;
}

/** @throws Error naming the line that is wrong. */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const families = new Map<string, Family>();
  let current: { name: string; type?: string; help: string; samples: Map<string, number> } | undefined;
  const close = () => {
    if (current === undefined) return;
    if (current.type === undefined) throw new Error(`${current.name} has no TYPE`);
    if (current.samples.size === 0) throw new Error(`${current.name} has no samples`);
    families.set(current.name, { type: current.type, help: current.help, samples: current.samples });
  };
  for (const [index, line] of text.slice(0, -1).split("\n").entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line}`);
    };
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)+)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|summary)$/.exec(line);
    if (help) {
      close();
      const [, name = "", words = ""] = help;
      if (families.has(name)) fail("the family came before");
      current = { name, help: words, samples: new Map() };
    } else if (type) {
      if (current === undefined || current.name !== type[1] || current.type !== undefined) {
        fail("TYPE without its HELP right before it");
      } else {
        current.type = type[2] ?? "";
      }
    } else {
      const sample =
        /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\\\|\\"|\\n)*"(?:,(?!\})|(?=\})))*\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)$/
          .exec(line);
      if (!sample) return fail("it is neither a comment nor a sample");
      const [, name = "", labels = "", value = ""] = sample;
      const suffix = current && name.startsWith(current.name) ? name.slice(current.name.length) : "?";
      const allowed = current?.type === "summary" ? ["_sum", "_count"] : [""];
      if (current?.type === undefined || !allowed.includes(suffix)) return fail("it is of no family");
      if (current.type === "counter" && !(Number(value) >= 0)) fail("a counter is never negative");
      const names = [...labels.matchAll(/(?:\{|",)([a-zA-Z_][a-zA-Z0-9_]*)="/g)].map((match) => match[1]);
      if (new Set(names).size < names.length) fail("a label comes twice");
      if (current.samples.has(suffix + labels)) fail("the series came before");
      current.samples.set(suffix + labels, Number(value.replace("Inf", "Infinity")));
    }
  }
  close();
  return families;
}
