/** Figures in aligned columns, as people read them. */

/** A column. Figures stand at its right end, words at its left. */
export interface Column {
  readonly title: string;
  /** @default "left" */
  readonly align?: "left" | "right";
}

/** A cell of a foreign text is cut here, so that one of them does not push all others away. */
const MAX_CELL_CHARS = 160;

/** Lines of aligned columns, the titles first. A column without title and a row without cells are fine. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => columns.map((_, index) => fitted(row[index] ?? "")));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => row[index]?.length ?? 0))
  );
  const line = (row: readonly string[]) =>
    row.map((cell, index) => {
      const width = widths[index] ?? 0;
      if (columns[index]?.align === "right") return cell.padStart(width);
      return index === columns.length - 1 ? cell : cell.padEnd(width); // nothing stands right of the last
    }).join("  ").trimEnd();
  return [line(columns.map(({ title }) => title)), ...cells.map(line)].join("\n");
}

/** `pid` and the like at the right, words at the left: the titles in short, `>` before those of figures. */
export function columns(...titles: readonly string[]): Column[] {
  return titles.map((title) =>
    title.startsWith(">") ? { title: title.slice(1), align: "right" } : { title, align: "left" }
  );
}

/** One line, however many the cell has. */
function fitted(cell: string): string {
  const line = cell.replaceAll(/\s+/g, " ");
  return line.length <= MAX_CELL_CHARS ? line : `${line.slice(0, MAX_CELL_CHARS - 1).toWellFormed()}…`;
}
