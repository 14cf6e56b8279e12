/** Files that must be there, must be fresh, or must not change. */
import { lazyCheck } from "./lazy_check.ts";
import { isGlob } from "../host/files/glob.ts";
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { FILECHECK_OPTIONS, type FileCheckSettings } from "./filecheck/options.ts";

/** Files by path or pattern. */
export const FILECHECK_CHECK = defineCheck({
  plugin: "filecheck",
  summary: "files that must be there, must be fresh, or must not change",
  dimensions: [
    {
      dimension: "existence",
      target: "the path or pattern",
      figure: "whether there is such a file",
      source: "the file system",
      defaults: "critical where there is none",
    },
    {
      dimension: "mtime",
      target: "the file",
      figure: "when its content changed last",
      source: "the file system",
      defaults: "off",
    },
    {
      dimension: "checksum",
      target: "the file",
      figure: "its content, compared with the last look's",
      source: "SHA-256 of the file",
      defaults: "off",
    },
    {
      dimension: "size",
      target: "the file",
      figure: "how much it holds",
      source: "the file system",
      defaults: "off",
    },
    {
      dimension: "access",
      target: "the file or pattern",
      figure: "whether all of it can be looked at",
      source: "opening it",
      defaults: "warning where it cannot",
    },
  ],
  options: FILECHECK_OPTIONS,
  pace: { interval: "1m", timeout: "30s" },
  byDefault: false,
  targets: ({ paths }) => paths,
  needs: ({ paths }) => paths.map((path) => ({ read: readable(path) })),
  make: (settings, seams): Check[] => [
    lazyCheck({ plugin: "filecheck", target: targetOf(settings) }, async () => {
      const { FileCheck } = await import("./filecheck_look.ts");
      return new FileCheck(settings, seams);
    }),
  ],
});

/** What one table looks at, as one. */
export function targetOf({ paths }: FileCheckSettings): string {
  return paths.join(", ");
}

function readable(path: string): string {
  const parts = path.split("/");
  const first = parts.findIndex(isGlob);
  return first === -1 ? path : parts.slice(0, first).join("/") || "/";
}
