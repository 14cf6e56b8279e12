/** What an operator or an alert sent along with a request. */
import type { DiagnoseRequest } from "../sessions/runners.ts";

/** What an alert is about. */
export interface AlertSubject {
  readonly plugin: string;
  /** Missing where the alert names none. */
  readonly target?: string;
}

/** Every text among the parameters that is not an address: what the alert said. */
export function textsOf({ params }: Pick<DiagnoseRequest, "params">): string {
  return Object.entries(params)
    .filter(([key]) => key !== "plugin" && key !== "target")
    .flatMap(([key, value]) => [
      ...(Array.isArray(value) ? value : [value])
        .filter((item): item is string => typeof item === "string" && item !== "")
        .map((item) => `${key}: ${item}`),
      ...labelLines(key, value),
    ])
    .join("\n");
}

/**
 * What the alert is about, by its labels `check` and `target`, else by the first `plugin::dimension` in its text.
 * Foreign text: the caller has to know the plugin, or leave it.
 */
export function alertSubject({ params }: Pick<DiagnoseRequest, "params">): AlertSubject | undefined {
  const labels = recordOf(params.labels);
  const check = [params.check, labels.check].find((one) => typeof one === "string" && one.includes("::"));
  const named = typeof check === "string"
    ? check
    : /\b[a-z]\w*::\w+/.exec(textsOf({ params }).slice(0, 16_384))?.[0];
  const plugin = named?.split("::")[0];
  if (!plugin) return undefined;
  const { target } = labels;
  return { plugin, ...(typeof target === "string" && target !== "" && { target }) };
}

/** An alert's labels come as an object of texts. */
function labelLines(key: string, value: unknown): string[] {
  return Object.entries(recordOf(value)).filter(([, item]) => typeof item === "string")
    .map(([name, item]) => `${key}.${name}: ${item}`);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : {};
}
