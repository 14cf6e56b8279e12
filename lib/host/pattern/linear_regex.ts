/** Whether a text matches an expression, in time linear in the text whatever either of them holds. */
import { isWordUnit, parseRegex, type RegexNode, type UnitTest } from "./regex_syntax.ts";

/** One step of the compiled expression. `next`: where it goes on. */
type Step =
  | { readonly kind: "unit"; readonly test: UnitTest; next: number }
  | { readonly kind: "split"; next: number; other: number }
  | { readonly kind: "assert"; readonly what: "start" | "end" | "boundary" | "inside"; next: number }
  | { readonly kind: "match" };

/** What stood before a place in the text. */
type Before = "start" | "word" | "other";

/** Every place in the expression where the text may have led so far, and where each next unit leads from there. */
interface State {
  readonly steps: readonly number[];
  readonly before: Before;
  /** By unit. */
  readonly next: Map<number, State | "match">;
}

const MAX_STEPS = 2000;
/** Beyond it, what was learnt is forgotten: memory is bounded, too. */
const MAX_LEARNT = 5000;

/**
 * A compiled expression: everything of the usual syntax but look-around and back-references; units are UTF-16's, and
 * `^` and `$` mean the text's ends. States are worked out as texts need them and kept, so that most units cost one
 * look-up; none costs more than the expression's length.
 */
export class LinearRegex {
  readonly #steps: Step[] = [];
  readonly #states = new Map<string, State>();
  readonly #start: number;
  #learnt = 0;

  /** @throws SyntaxError for what cannot be used; it says why. */
  constructor(source: string, { ignoreCase = false }: { ignoreCase?: boolean } = {}) {
    const tree = parseRegex(source, ignoreCase);
    if (stepsOf(tree) > MAX_STEPS) {
      throw new SyntaxError(`cannot use /${source}/: written out, its repetitions are too long`);
    }
    const match = this.#add({ kind: "match" });
    this.#start = this.#compile(tree, match);
  }

  /** Whether there is a match anywhere in `text`. */
  test(text: string): boolean {
    let state = this.#state([], "start");
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      const known = state.next.get(unit);
      const next: State | "match" = known ?? this.#learn(state, unit);
      if (next === "match") return true;
      state = next;
    }
    return this.#closure(state, undefined).matched;
  }

  #learn(state: State, unit: number): State | "match" {
    if (++this.#learnt > MAX_LEARNT) {
      this.#learnt = 0;
      for (const other of this.#states.values()) other.next.clear();
      this.#states.clear();
    }
    const { matched, units } = this.#closure(state, unit);
    const next = matched
      ? "match"
      : this.#state(this.#advance(units, unit), isWordUnit(unit) ? "word" : "other");
    state.next.set(unit, next);
    return next;
  }

  #advance(units: readonly number[], unit: number): number[] {
    const reached = new Set<number>();
    for (const index of units) {
      const step = this.#steps[index];
      if (step?.kind === "unit" && step.test(unit)) reached.add(step.next);
    }
    return [...reached].sort((a, b) => a - b);
  }

  #state(steps: readonly number[], before: Before): State {
    const key = `${before}:${steps.join()}`;
    let state = this.#states.get(key);
    if (state === undefined) this.#states.set(key, state = { steps, before, next: new Map() });
    return state;
  }

  /** Every step that can be reached without a unit, a match begun here among them; `unit` is the one to come. */
  #closure({ steps, before }: State, unit: number | undefined): { matched: boolean; units: number[] } {
    const boundary = (before === "word") !== (unit !== undefined && isWordUnit(unit));
    const holds = { start: before === "start", end: unit === undefined, boundary, inside: !boundary };
    const seen = new Set<number>();
    const units: number[] = [];
    const pending = [...steps, this.#start];
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      const step = this.#steps[index];
      if (seen.has(index) || step === undefined) continue;
      seen.add(index);
      if (step.kind === "match") return { matched: true, units };
      if (step.kind === "unit") units.push(index);
      else if (step.kind === "split") pending.push(step.next, step.other);
      else if (holds[step.what]) pending.push(step.next);
    }
    return { matched: false, units };
  }

  #add(step: Step): number {
    return this.#steps.push(step) - 1;
  }

  /** Compiles from the end to the beginning: `next` is where a match of `node` goes on. Returns where it begins. */
  #compile(node: RegexNode, next: number): number {
    switch (node.kind) {
      case "empty":
        return next;
      case "unit":
        return this.#add({ kind: "unit", test: node.test, next });
      case "assert":
        return this.#add({ kind: "assert", what: node.what, next });
      case "sequence":
        return node.parts.reduceRight((after, part) => this.#compile(part, after), next);
      case "choice":
        return node.parts.map((part) => this.#compile(part, next))
          .reduce((either, other) => this.#add({ kind: "split", next: either, other }));
      case "repeat":
        return this.#repeat(node.part, node.min, node.max, next);
    }
  }

  #repeat(part: RegexNode, min: number, max: number, next: number): number {
    let start = next;
    if (max === Infinity) {
      const loop: Step = { kind: "split", next: 0, other: next };
      start = this.#add(loop);
      loop.next = this.#compile(part, start);
    } else {
      for (let count = min; count < max; count++) {
        start = this.#add({ kind: "split", next: this.#compile(part, start), other: next });
      }
    }
    for (let count = 0; count < min; count++) start = this.#compile(part, start);
    return start;
  }
}

/** How many steps a tree comes to. */
function stepsOf(node: RegexNode): number {
  switch (node.kind) {
    case "sequence":
    case "choice":
      return node.parts.reduce((sum, part) => sum + stepsOf(part) + 1, 0);
    case "repeat":
      return (stepsOf(node.part) + 1) * (node.max === Infinity ? node.min + 1 : node.max);
    default:
      return 1;
  }
}
