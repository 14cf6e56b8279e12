/** A table of a file of catpaw, read key by key: what nobody asks for has no counterpart. */
import { lineOf } from "../toml.ts";
import { durationText, readDuration, readSize } from "./amounts.ts";
import type { MigrationReport } from "./report.ts";

/** A file as it was read. */
export interface PeerFile {
  /** As it is named in notes. */
  readonly name: string;
  readonly text: string;
}

/** Where a table stands. */
export interface Layer {
  readonly file: PeerFile;
  readonly path: readonly PropertyKey[];
  readonly values: Readonly<Record<string, unknown>>;
}

/** Layers of one table, of which the first that has a key wins. */
export class SourceTable {
  readonly #layers: readonly Layer[];
  readonly #report: MigrationReport;
  readonly #name: string;
  readonly #taken = new Set<string>();
  readonly #inner = new Map<string, SourceTable>();

  /** @param name what notes call it: a plugin, or nothing for the whole file. */
  constructor(layers: readonly Layer[], report: MigrationReport, name: string) {
    this.#layers = layers;
    this.#report = report;
    this.#name = name;
  }

  /** Whether the key is there, taken or not. */
  has(key: string): boolean {
    return this.#layers.some(({ values }) => Object.hasOwn(values, key));
  }

  /** The value; it has a counterpart now. */
  take(key: string): unknown {
    this.#taken.add(key);
    return this.#layers.find(({ values }) => Object.hasOwn(values, key))?.values[key];
  }

  /** A text as our files may hold it: what looks like a variable and was none is escaped. */
  text(key: string): string | undefined {
    const value = this.take(key);
    return typeof value === "string" && value !== "" ? escaped(value) : undefined;
  }

  /** A text in which `${NAME}` already stood for a variable. */
  reference(key: string): string | undefined {
    const value = this.take(key);
    return typeof value === "string" && value !== "" ? referring(value) : undefined;
  }

  /** Texts, without empty ones. */
  texts(key: string): string[] {
    const value = this.take(key);
    const list = Array.isArray(value) ? value : [value];
    return list.filter((item) => typeof item === "string").filter((item) => item !== "").map(escaped);
  }

  /** A number, also where it stands in quotes. */
  number(key: string): number | undefined {
    const value = this.take(key);
    if (typeof value === "number") return value;
    return typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
  }

  /** Only `true` is. */
  flag(key: string): boolean {
    return this.take(key) === true;
  }

  /** A duration as our files have it. */
  duration(key: string): string | undefined {
    const totalMs = this.durationMs(key);
    return totalMs === undefined ? undefined : durationText(totalMs);
  }

  /** The same in milliseconds. */
  durationMs(key: string): number | undefined {
    return readDuration(this.take(key));
  }

  /** A size in bytes. */
  bytes(key: string): number | undefined {
    return readSize(this.take(key));
  }

  /** The table under the key. */
  table(key: string): SourceTable | undefined {
    this.#taken.add(key);
    const known = this.#inner.get(key);
    if (known !== undefined) return known;
    const layers = this.#layers.flatMap(({ file, path, values }) =>
      isTable(values[key]) ? [{ file, path: [...path, key], values: values[key] }] : []
    );
    if (layers.length === 0) return undefined;
    const table = new SourceTable(layers, this.#report, this.#named(key));
    this.#inner.set(key, table);
    return table;
  }

  /** The tables of the list under the key. */
  tables(key: string): SourceTable[] {
    this.#taken.add(key);
    const layer = this.#layers.find(({ values }) => Object.hasOwn(values, key));
    const list = layer?.values[key];
    if (layer === undefined || !Array.isArray(list)) return [];
    const tables = list.flatMap((values, index) =>
      isTable(values)
        ? [
          new SourceTable(
            [{ file: layer.file, path: [...layer.path, key, index], values }],
            this.#report,
            this.#named(key),
          ),
        ]
        : []
    );
    tables.forEach((table, index) => this.#inner.set(`${key} ${index}`, table));
    return tables;
  }

  /** `file:line` of the key, or of the table. */
  place(key?: string): string {
    const layer = this.#layers.find(({ values }) => key === undefined || Object.hasOwn(values, key)) ??
      this.#layers[0];
    if (layer === undefined) return "";
    const line = lineOf(layer.file.text, key === undefined ? layer.path : [...layer.path, key]);
    return line === undefined ? layer.file.name : `${layer.file.name}:${line}`;
  }

  /** Notes that the key has no counterpart. */
  drop(key: string, why?: string): void {
    this.#taken.add(key);
    this.#report.drop(this.place(key), `${this.#named(key)}${why === undefined ? "" : `: ${why}`}`);
  }

  /** Notes that the table as a whole has none. */
  dropAll(why: string): void {
    this.#layers.flatMap(({ values }) => Object.keys(values)).forEach((key) => this.#taken.add(key));
    this.#report.drop(this.place(), `${this.#name}: ${why}`);
  }

  /** Notes that it means something else now; without a key, the table. */
  change(text: string, key?: string): void {
    this.#report.change(this.place(key), `${key === undefined ? this.#name : this.#named(key)}: ${text}`);
  }

  #named(key: string): string {
    return this.#name === "" ? key : `${this.#name}.${key}`;
  }

  /** Notes every key that nobody took, here and in the tables that were. */
  finish(): void {
    for (const table of this.#inner.values()) table.finish();
    const left = new Set(this.#layers.flatMap(({ values }) => Object.keys(values)));
    for (const key of left) if (!this.#taken.has(key)) this.drop(key);
  }
}

/** What a `$` and a brace stand for in our files, they did not in these; unless they are all there is. */
export function escaped(text: string): string {
  return /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(text) ? text : text.replaceAll("${", () => "$${");
}

/** Every well-formed `${NAME}` stays a variable. */
export function referring(text: string): string {
  return text.replaceAll(/\$\{(?![A-Za-z_][A-Za-z0-9_]*\})/g, () => "$${");
}

/** A table of texts by name: numbers and such as they are written, and lists and tables not at all. */
export function textsByName(value: unknown, written: (text: string) => string): Record<string, string> {
  if (!isTable(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => ["string", "number", "boolean"].includes(typeof item))
      .map(([key, item]) => [key, written(String(item))]),
  );
}

/** Whether it is a table: no list, and no date. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
