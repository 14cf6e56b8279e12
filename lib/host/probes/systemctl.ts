/** What `systemctl` says of units: for hosts whose sockets the sandbox does not open, where the program is allowed. */
import type { Clock } from "../../clock.ts";
import { cleanLine } from "../foreign_text.ts";
import { runProgram } from "../subprocess.ts";
import type { SystemdUnit } from "./systemd.ts";

/** Options of {@linkcode unitsBySystemctl}. */
export interface SystemctlOptions {
  /** Its absolute path. */
  program: string;
  /** Units that are asked for by name, with their suffixes. */
  names: readonly string[];
  clock: Clock;
  signal: AbortSignal;
  /** @default 5000 */
  timeoutMs?: number;
}

const PROPERTIES = "Id,Description,LoadState,ActiveState,SubState";
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * @returns the units asked for, in order, and every unit in memory.
 * @throws FactUnavailableError where it may not be run, Error where it fails.
 */
export async function unitsBySystemctl(
  options: SystemctlOptions,
): Promise<{ named: SystemdUnit[]; all: SystemdUnit[] }> {
  const { names } = options;
  const all = parseShow(await show(options, ["--all", "*"]));
  // `--` keeps a name from being read as an option; several units come in the order asked for.
  const named = names.length === 0 ? [] : parseShow(await show(options, ["--", ...names]));
  if (named.length !== names.length) {
    throw new Error("cannot read systemctl's answer: units are missing from it");
  }
  return { named: named.map((unit, index) => ({ ...unit, name: names[index] ?? unit.name })), all };
}

async function show(options: SystemctlOptions, args: readonly string[]): Promise<string> {
  const { program, clock, signal, timeoutMs = 5000 } = options;
  const { code, stdout, stderr } = await runProgram({
    program,
    args: ["show", "--no-pager", `--property=${PROPERTIES}`, ...args],
    timeoutMs,
    maxBytes: MAX_BYTES,
    clock,
    signal,
  });
  if (code === 0) return stdout;
  throw new Error(`cannot ask systemd: ${program} ended with ${code}: ${cleanLine(stderr, 200)}`);
}

/** Paragraphs of `Name=value` lines, one for each unit. Paragraphs without a name are skipped. */
export function parseShow(text: string): SystemdUnit[] {
  return text.split(/\n\n+/).flatMap((paragraph) => {
    const fields = new Map<string, string>();
    for (const line of paragraph.split("\n")) {
      const at = line.indexOf("=");
      if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1));
    }
    const name = fields.get("Id");
    if (name === undefined || name === "") return [];
    return [{
      name,
      description: fields.get("Description") ?? "",
      loadState: fields.get("LoadState") ?? "unknown",
      activeState: fields.get("ActiveState") ?? "unknown",
      subState: fields.get("SubState") ?? "unknown",
    }];
  });
}
