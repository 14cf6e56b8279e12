/** The default diagnosis: no model, the built-in checks' figures as they are now. */
import { builtInChecks } from "../checks/built_in.ts";
import type { Check } from "../checks/check.ts";
import type { Clock } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import type { DiagnoseRequest, DiagnoseRunner, StreamCallback } from "../sessions/runners.ts";
import { observe, pluginsOf } from "./figures.ts";
import { renderReport, verdict } from "./report.ts";
import { inlineText } from "./untrusted_text.ts";

/** Asks for every check there is. */
const WHOLE_SYSTEM = "system";

/** Options of {@linkcode Playbook}. */
export interface PlaybookOptions {
  host: HostFacts;
  clock: Clock;
  /**
   * Makes the checks to run, fresh ones for each request.
   * @default the built-in checks with their default thresholds
   */
  makeChecks?: () => readonly Check[];
  /**
   * How long one check may take.
   * @default 10000
   */
  deadlineMs?: number;
}

/** Measures, rates and reports. Any number of runs may be under way at once. */
export class Playbook implements DiagnoseRunner {
  readonly #host: HostFacts;
  readonly #clock: Clock;
  readonly #makeChecks: () => readonly Check[];
  readonly #deadlineMs: number;

  constructor(options: PlaybookOptions) {
    const { host, clock, makeChecks = () => builtInChecks({ host, clock }), deadlineMs = 10_000 } = options;
    this.#host = host;
    this.#clock = clock;
    this.#makeChecks = makeChecks;
    this.#deadlineMs = deadlineMs;
  }

  /** @throws Error for an inspection of a plugin that is not among the checks; the signal's reason on abort. */
  async run(request: DiagnoseRequest, stream: StreamCallback, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const { mode, plugin } = request;
    const gaps: string[] = [];
    const name = known(() => this.#host.hostname(), gaps);
    const ip = known(() => this.#host.ip(), gaps);
    const { checks, notes } = this.#choose(request, [name, ip]);

    await stream("thinking", `No model is used. Measuring now: ${pluginsOf(checks).join(", ")}.`);
    const observations = await observe(
      checks,
      { clock: this.#clock, deadlineMs: this.#deadlineMs },
      stream,
      signal,
    );
    await stream("answer", verdict(observations));
    signal.throwIfAborted();

    const subject = plugin === WHOLE_SYSTEM ? (name ?? "this host") : `${plugin} on ${name ?? "this host"}`;
    const quoted = mode === "alert" ? textsOf(request) : "";
    return renderReport({
      title: `${mode === "inspect" ? "Inspection" : "Diagnosis"}: ${subject}`,
      host: [name ?? "name unknown", ip && `(${ip})`].filter(Boolean).join(" "),
      timeMs: this.#clock.wallMs(),
      observations,
      notes,
      gaps,
      ...(quoted && { quoted }),
    });
  }

  #choose({ mode, plugin, target }: DiagnoseRequest, self: readonly (string | undefined)[]) {
    const all = this.#makeChecks();
    const notes: string[] = [];
    let checks = plugin === WHOLE_SYSTEM ? all : all.filter((check) => check.plugin === plugin);
    if (checks.length === 0) {
      const names = [WHOLE_SYSTEM, ...pluginsOf(all)].join(", ");
      if (mode === "inspect") {
        throw new Error(`cannot inspect ${plugin}: there is no such check here; known are ${names}`);
      }
      notes.push(`There is no check named ${inlineText(plugin)} on this host: all checks were run instead.`);
      checks = all;
    }
    // An alert's target may be what one check looks at, a mount point for instance.
    const aimed = checks.filter((check) => check.target === target);
    if (aimed.length > 0) return { checks: aimed, notes };
    if (!isThisHost(target, self)) {
      notes.push(`The target ${inlineText(target)} was not reached: every figure here is this host's own.`);
    }
    return { checks, notes };
  }
}

function isThisHost(target: string, self: readonly (string | undefined)[]): boolean {
  const wanted = target.toLowerCase();
  return ["", "localhost", "127.0.0.1", "::1"].includes(wanted) ||
    self.some((name) => name?.toLowerCase() === wanted);
}

/** Reads a fact about the host; one that cannot be had becomes a gap. */
function known(read: () => string, gaps: string[]): string | undefined {
  try {
    return read();
  } catch (error) {
    gaps.push(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/** Every text among the parameters that is not an address: what the alert said. */
function textsOf({ params }: DiagnoseRequest): string {
  return Object.entries(params)
    .filter(([key]) => key !== "plugin" && key !== "target")
    .flatMap(([key, value]) =>
      (Array.isArray(value) ? value : [value])
        .filter((item): item is string => typeof item === "string" && item !== "")
        .map((item) => `${key}: ${item}`)
    )
    .join("\n");
}
