/** Looks at systemd's units. */
import { type SystemdSettings, TARGET } from "./systemd.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { openSystemd, type SystemdUnit } from "../host/probes/systemd.ts";
import { unitsBySystemctl } from "../host/probes/systemctl.ts";
import { unitName } from "../host/probes/unit_name.ts";
import type { Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import { namePattern } from "./name_pattern.ts";
import { rateFigure, rateState } from "./rating.ts";

const MAX_FAILED = 100;

const MEMORY_KEY = "failed";

/** One host's looks. */
export class SystemdLook {
  readonly #settings: SystemdSettings;
  readonly #seams: CheckSeams;
  readonly #names: readonly string[];
  /** What had failed when last looked at: once well again, that is told. */
  #failed: ReadonlySet<string>;

  constructor(settings: SystemdSettings, seams: CheckSeams) {
    this.#settings = settings;
    this.#seams = seams;
    this.#names = [...new Set(settings.units.map(unitName))];
    this.#failed = new Set((seams.memory.read(MEMORY_KEY) ?? "").split("\n").filter((name) => name !== ""));
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const { named, all } = await this.#look(signal);
    const findings = named.map((unit) => this.#stateFinding(unit));
    const ignored = this.#settings.ignore.map(namePattern);
    const failed = all.filter(({ name, activeState }) =>
      activeState === "failed" && !ignored.some((pattern) => pattern.matches(name))
    );
    findings.push(rateFigure({
      check: "systemd::failed_units",
      target: TARGET,
      subject: "units that have failed",
      value: failed.length,
      show: String,
      detail: failed.slice(0, 10).map(({ name }) => cleanLine(name, 100)).join(", "),
    }, this.#settings.failed_units));
    if (this.#settings.all_failed) findings.push(...this.#failedFindings(failed));
    return findings;
  }

  async #look(signal: AbortSignal): Promise<{ named: SystemdUnit[]; all: SystemdUnit[] }> {
    const { socket, systemctl } = this.#settings;
    const { clock } = this.#seams;
    try {
      using systemd = await openSystemd({ clock, busSocket: socket }, signal);
      const all = await systemd.units(signal);
      const named: SystemdUnit[] = [];
      for (const name of this.#names) {
        const unit = all.find((each) => each.name === name) ?? await systemd.unit(name, signal);
        // Told under the name that was asked for, also where that is another unit's alias.
        named.push({ ...unit, name });
      }
      return { named, all };
    } catch (error) {
      signal.throwIfAborted();
      if (systemctl === undefined) throw error;
      try {
        return await unitsBySystemctl({ program: systemctl, names: this.#names, clock, signal });
      } catch (second) {
        signal.throwIfAborted();
        // What both lack is a permission: the first says which would do.
        throw second instanceof FactUnavailableError && error instanceof FactUnavailableError
          ? error
          : second;
      }
    }
  }

  #stateFinding({ name, activeState, subState, loadState }: SystemdUnit): Finding {
    const { expected_active_state: expected, severity } = this.#settings;
    const ok = activeState === expected || (expected === "active" && activeState === "reloading");
    const state = cleanLine(`${activeState} (${subState})`, 80);
    const why = loadState === "loaded" ? "" : `: it is ${cleanLine(loadState, 40)}`;
    return rateState({
      check: "systemd::state",
      target: name,
      ok,
      severity,
      description: `unit ${name} is ${state}${ok ? "" : `, not ${expected}${why}`}`,
      current: state,
      expected: `must be ${expected}`,
    });
  }

  #failedFindings(failed: readonly SystemdUnit[]): Finding[] {
    const others = failed.filter(({ name }) => !this.#names.includes(name)).slice(0, MAX_FAILED);
    const now = new Set(others.map(({ name }) => name));
    const over = [...this.#failed].filter((name) => !now.has(name));
    if (over.length > 0 || now.size !== this.#failed.size) {
      this.#seams.memory.write(MEMORY_KEY, [...now].join("\n"));
    }
    this.#failed = now;
    return [
      ...others.map((unit) => this.#failedFinding(unit.name, unit)),
      ...over.map((name) => this.#failedFinding(name, undefined)),
    ];
  }

  #failedFinding(name: string, unit: SystemdUnit | undefined): Finding {
    const shown = cleanLine(name, 200);
    return rateState({
      check: "systemd::failed",
      target: shown,
      ok: unit === undefined,
      severity: this.#settings.failed_severity,
      description: unit === undefined
        ? `unit ${shown} has no longer failed`
        : `unit ${shown} has failed (${cleanLine(unit.description, 100)})`,
      current: unit === undefined ? "not failed" : "failed",
      expected: "must not have failed",
    });
  }
}
