/** Every key of the configuration but those of the checks, as people read them: in the example, and in the reference. */
import * as z from "zod/mini";
import { ANY_NAME } from "./known_keys.ts";
import { keyText, metaOf, type OptionRow, rowsOf, tomlText, unwrapped } from "./option_rows.ts";
import { fileSchema } from "./file_schema.ts";

/** One line of the reference. */
export type ReferenceRow = Pick<OptionRow, "key" | "defaultText" | "otherwise" | "needed" | "description">;

/** The keys at the top and in every table that has a fixed name, dotted. */
export function plainRows(): ReferenceRow[] {
  return rowsOf(fileSchema().shape).filter(({ key }) => !/^(check|notify)\b/.test(key));
}

/** The keys of `[notify.NAME]`, each once, whichever types have it. */
export function destinationRows(): ReferenceRow[] {
  const byKey = Map.groupBy(
    destinations().flatMap(({ type, rows }) => rows.map((row) => ({ type, row }))),
    ({ row }) => row.key,
  );
  return [...byKey].map(([key, uses]) => {
    const first = uses[0]?.row;
    const texts = new Set(uses.map(({ row }) => row.defaultText));
    return {
      key: `notify.${ANY_NAME}.${key}`,
      defaultText: texts.size === 1 ? first?.defaultText : undefined,
      otherwise: first?.otherwise,
      needed: uses.some(({ row }) => row.needed),
      description: key === "type" ? kinds() : usesOf(uses),
    };
  });
}

/** The example's text before the checks. */
export function exampleBefore(): string {
  return topEntries().slice(0, topNames().indexOf("check")).join("\n");
}

/** The example's text behind the checks. */
export function exampleAfter(): string {
  return topEntries().slice(topNames().indexOf("check") + 1).join("\n");
}

function topNames(): string[] {
  return Object.keys(fileSchema().shape);
}

function topEntries(): string[] {
  return Object.entries(fileSchema().shape).map(([name, schema]) => {
    const { inner } = unwrapped(schema);
    if (name === "check") return "";
    if (name === "notify") return destinationsExample(metaOf(schema).description ?? "");
    if (inner instanceof z.ZodMiniObject) return tableExample(name, schema, inner.shape);
    if (inner instanceof z.ZodMiniRecord) return recordExample(name, schema);
    return rowsOf({ [name]: schema }).map(keyExample).join("");
  });
}

function tableExample(name: string, schema: z.core.$ZodType, shape: z.core.$ZodShape): string {
  const head = `${commented(metaOf(schema).description ?? "")}[${name}]\n`;
  return `${head}${rowsOf(shape).map(keyExample).join("")}`;
}

function recordExample(name: string, schema: z.core.$ZodType): string {
  const { description = "", example } = metaOf(schema);
  const lines = Object.entries(example ?? {}).map(([key, value]) =>
    `# Any name will do.\n#${keyText(key)} = ${tomlText(value)}\n`
  );
  return `${commented(description)}[${name}]\n${lines.join("")}`;
}

/** All of it commented out: nobody has these by default. */
function destinationsExample(about: string): string {
  const tables = destinations().map(({ type, name, description, rows }) => {
    const keys = rows.map((row) =>
      keyExample({ ...row, exampleText: row.key === "type" ? `"${type}"` : row.exampleText })
    );
    return `${commented(description)}[notify.${name}]\n${keys.join("")}`.replaceAll(/^(?=[a-z[])/gm, "#");
  });
  return [commented(about), ...tables].join("\n");
}

function keyExample({ key, defaultText, exampleText, otherwise, description }: OptionRow): string {
  const without =
    otherwise === undefined || otherwise === "none" || /by default|Not beside/i.test(description)
      ? ""
      : ` Default: ${otherwise}.`;
  const line = `${key} = ${defaultText ?? exampleText ?? '""'}`;
  return `${commented(`${description}${without}`)}${defaultText === undefined ? "#" : ""}${line}\n`;
}

const MAX_LINE_CHARS = 118;

/** As comment lines; backticks are for pages. */
function commented(text: string): string {
  const lines = [""];
  for (const word of text.replaceAll("`", "").split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last.length + word.length + 1 > MAX_LINE_CHARS) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.map((line) => `# ${line}\n`).join("");
}

interface DestinationKind {
  readonly type: string;
  /** What the example calls one. */
  readonly name: string;
  readonly description: string;
  readonly rows: readonly OptionRow[];
}

function destinations(): DestinationKind[] {
  const { inner } = unwrapped(fileSchema().shape.notify);
  const union = inner instanceof z.ZodMiniRecord ? inner.def.valueType : undefined;
  const options = union instanceof z.ZodMiniDiscriminatedUnion ? union._zod.def.options : [];
  return options.flatMap((option): DestinationKind[] => {
    if (!(option instanceof z.ZodMiniObject)) return [];
    const literal = option.shape["type"];
    const { description = "", example } = metaOf(option);
    const type = literal instanceof z.ZodMiniLiteral ? String(literal.def.values[0]) : "";
    return [{ type, name: String(example), description, rows: rowsOf(option.shape) }];
  });
}

function kinds(): string {
  return destinations().map(({ type, description }) => `\`${type}\`: ${description}`).join(" ");
}

/** Who has the key, and what it is to them. */
function usesOf(uses: readonly { readonly type: string; readonly row: OptionRow }[]): string {
  const byText = Map.groupBy(uses, ({ row }) => row.description);
  return [...byText].map(([text, these]) => {
    return `${these.map(({ type }) => `\`${type}\``).join(", ")}: ${text}`;
  }).join(" ");
}
