/** Figures that a diagnosis rests on, each traced to the tool that measured it. */
import { bytesText } from "../host/figure_text.ts";

/** What a figure speaks of. */
export type Resource =
  | "cpu"
  | "memory"
  | "disk space"
  | "disk io"
  | "network"
  | "files"
  | "processes"
  | "kernel"
  | "time"
  | "services";

/** `id`: a number that names something, such as a process. `times`: how often something happened. */
export type Unit = "%" | "bytes" | "bytes/s" | "per s" | "ms" | "s" | "°C" | "times" | "ratio" | "id";

/** Whose figure it is. Every text in it may be an attacker's. */
export interface Subject {
  readonly pid?: number;
  /** A program's, unit's or container's name. */
  readonly name?: string;
  readonly mount?: string;
  /** A block device, a network interface or a sensor. */
  readonly device?: string;
  readonly port?: number;
  readonly path?: string;
}

/** One figure. */
export interface Evidence {
  readonly resource: Resource;
  /** What was measured: `memory.used`, `process.cpu`. */
  readonly name: string;
  /** As the tool's data has it. */
  readonly value: number;
  readonly unit: Unit;
  /** The value as people read it. */
  readonly text: string;
  /** What measured it. */
  readonly tool: string;
  readonly subject: Subject;
}

/** A figure as people read it. */
export function figureText(value: number, unit: Unit): string {
  switch (unit) {
    case "bytes":
      return bytesText(value);
    case "bytes/s":
      return `${bytesText(value)}/s`;
    case "%":
    case "°C":
      return `${decimals(value, 1)} ${unit}`;
    case "ms":
    case "s":
      return `${decimals(value, Math.abs(value) < 10 ? 2 : 0)} ${unit}`;
    case "per s":
      return `${decimals(value, 1)} per s`;
    case "ratio":
      return decimals(value, 2);
    case "times":
    case "id":
      return String(value);
  }
}

/** Without zeros at the end that say nothing. */
function decimals(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

/** All figures of one run. Reading only; the order is that of the steps. */
export class EvidenceSet implements Iterable<Evidence> {
  readonly #all: readonly Evidence[];

  constructor(all: readonly Evidence[]) {
    this.#all = all;
  }

  [Symbol.iterator](): Iterator<Evidence> {
    return this.#all[Symbol.iterator]();
  }

  /** Every figure of that name, the largest first. */
  all(name: string, about: Subject = {}): Evidence[] {
    return this.#all.filter((one) => one.name === name && speaksOf(one.subject, about))
      .sort((a, b) => b.value - a.value);
  }

  /** The largest figure of that name. */
  largest(name: string, about: Subject = {}): Evidence | undefined {
    return this.all(name, about)[0];
  }
}

function speaksOf(subject: Subject, about: Subject): boolean {
  return Object.entries(about).every(([key, value]) => subject[key as keyof Subject] === value);
}

/** `pid 12 ("nginx")`, `/data`, `port 80 of pid 12 ("nginx")`. Foreign text in it is quoted and short. */
export function subjectText({ pid, name, mount, device, port, path }: Subject): string {
  const program = pid === undefined
    ? (name === undefined ? "" : quoted(name))
    : `pid ${pid}${name === undefined ? "" : ` (${quoted(name)})`}`;
  const place =
    [mount, path].filter((one) => one !== undefined).map((one) => shortened(one, 120)).join(", ") ||
    (device === undefined ? "" : shortened(device, 60)) || (port === undefined ? "" : `port ${port}`);
  return place && program ? `${place} of ${program}` : place || program;
}

/** `"nginx"`, in quotes that nothing in it can end. */
export function quoted(text: string): string {
  return `"${shortened(text, 60).replaceAll('"', "'")}"`;
}

function shortened(text: string, maxChars: number): string {
  const characters = [...text.replace(/\s+/g, " ").trim()];
  return characters.length > maxChars ? `${characters.slice(0, maxChars).join("")}…` : characters.join("");
}
