/** What systemd says about units: over the system's bus, else over systemd's own socket. */
import type { Clock } from "../../clock.ts";
import { FactUnavailableError } from "../host_facts.ts";
import { DbusCallError, DbusConnection } from "./dbus.ts";
import { SYSTEM_BUS_SOCKET } from "./service_places.ts";
import type { DbusCall } from "./dbus_call.ts";
import { type DbusValue, DbusVariant } from "./dbus_message.ts";

/** systemd's own socket: only root may speak to it. */
export const SYSTEMD_SOCKET = "/run/systemd/private";

/** Options of {@linkcode openSystemd}. */
export interface SystemdOptions {
  clock: Clock;
  /** @default "/run/dbus/system_bus_socket" */
  busSocket?: string;
  /** Tried where the bus cannot be spoken to. @default "/run/systemd/private" */
  privateSocket?: string;
}

/** A unit as systemd lists it. */
export interface SystemdUnit {
  readonly name: string;
  readonly description: string;
  /** `loaded`, `not-found`, `masked`, `error`. */
  readonly loadState: string;
  /** `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`. */
  readonly activeState: string;
  /** `running`, `dead`, `exited`, `waiting`. */
  readonly subState: string;
}

/** A unit looked at closely: what it is, and what is known of its process. Missing is what it does not have. */
export interface SystemdUnitDetail extends SystemdUnit {
  /** Since when it is in this state, in milliseconds since 1970. */
  readonly sinceMs?: number;
  readonly unitFileState?: string;
  readonly fragmentPath?: string;
  readonly mainPid?: number;
  /** How it ended: `success`, `exit-code`, `signal`, `oom-kill`, `timeout`. */
  readonly result?: string;
  /** The main process's last exit status, or the signal that ended it. */
  readonly exitStatus?: number;
  readonly restarts?: number;
  readonly memoryBytes?: number;
  readonly cpuNs?: number;
  readonly tasks?: number;
}

/** A timer. Times in milliseconds since 1970. */
export interface SystemdTimer {
  readonly name: string;
  /** What it starts. */
  readonly unit: string;
  readonly activeState: string;
  readonly lastMs?: number;
  readonly nextMs?: number;
  /** How the last run ended. */
  readonly result?: string;
}

/** How a bus says that there is no systemd; starting it in its place fails by design. */
const NOT_THERE = /\.(?:ServiceUnknown|NameHasNoOwner|Spawn\.\w+)$/;

const MANAGER = { path: "/org/freedesktop/systemd1", interface: "org.freedesktop.systemd1.Manager" };

/** A connection to systemd. One call at a time. */
export class Systemd implements Disposable {
  readonly #connection: DbusConnection;
  readonly #destination: { destination?: string };

  constructor(connection: DbusConnection, isBus: boolean) {
    this.#connection = connection;
    this.#destination = isBus ? { destination: "org.freedesktop.systemd1" } : {};
  }

  /** Every unit in memory. */
  async units(signal: AbortSignal): Promise<SystemdUnit[]> {
    const [list] = await this.#call({ ...MANAGER, member: "ListUnits" }, signal);
    return unitsOf(list);
  }

  /**
   * One unit, loaded where it is not in memory; `loadState` is `not-found` where there is none of the name. What
   * belongs to its kind alone (a service's process, its result) is there for services.
   */
  async unit(name: string, signal: AbortSignal): Promise<SystemdUnitDetail> {
    const path = await this.#unitPath(name, signal);
    const unit = await this.#properties(path, "org.freedesktop.systemd1.Unit", signal);
    const kind = KINDS[name.slice(name.lastIndexOf(".") + 1)];
    const own = kind === undefined ? NOTHING : await this.#properties(path, kind, signal);
    const sinceMs = timestampMs(unit.get("StateChangeTimestamp"));
    return {
      name: textOf(unit.get("Id")) ?? name,
      description: textOf(unit.get("Description")) ?? "",
      loadState: textOf(unit.get("LoadState")) ?? "unknown",
      activeState: textOf(unit.get("ActiveState")) ?? "unknown",
      subState: textOf(unit.get("SubState")) ?? "unknown",
      ...defined("sinceMs", sinceMs),
      ...defined("unitFileState", textOf(unit.get("UnitFileState"))),
      ...defined("fragmentPath", textOf(unit.get("FragmentPath"))),
      ...defined("mainPid", countOf(own.get("MainPID")) || undefined),
      ...defined("result", textOf(own.get("Result"))),
      ...defined("exitStatus", exitStatusOf(own)),
      ...defined("restarts", countOf(own.get("NRestarts"))),
      ...defined("memoryBytes", countOf(own.get("MemoryCurrent"))),
      ...defined("cpuNs", countOf(own.get("CPUUsageNSec"))),
      ...defined("tasks", countOf(own.get("TasksCurrent"))),
    };
  }

  /** Every timer in memory, at most `max`. */
  async timers(max: number, signal: AbortSignal): Promise<{ timers: SystemdTimer[]; total: number }> {
    const units = (await this.units(signal)).filter(({ name }) => name.endsWith(".timer"));
    const timers: SystemdTimer[] = [];
    for (const { name, activeState } of units.slice(0, max)) {
      const path = await this.#unitPath(name, signal);
      const own = await this.#properties(path, "org.freedesktop.systemd1.Timer", signal);
      timers.push({
        name,
        activeState,
        unit: textOf(own.get("Unit")) ?? name.replace(/\.timer$/, ".service"),
        ...defined("lastMs", timestampMs(own.get("LastTriggerUSec"))),
        ...defined("nextMs", timestampMs(own.get("NextElapseUSecRealtime"))),
        ...defined("result", textOf(own.get("Result"))),
      });
    }
    return { timers, total: units.length };
  }

  async #unitPath(name: string, signal: AbortSignal): Promise<string> {
    // LoadUnit, unlike GetUnit, answers for units that are not in memory, too. Neither starts anything.
    const [path] = await this.#call({ ...MANAGER, member: "LoadUnit", args: [name] }, signal);
    if (typeof path === "string") return path;
    throw new TypeError("systemd did not say where the unit is");
  }

  async #properties(
    path: string,
    kind: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, DbusValue>> {
    const [pairs] = await this.#call({
      path,
      interface: "org.freedesktop.DBus.Properties",
      member: "GetAll",
      args: [kind],
    }, signal);
    const properties = new Map<string, DbusValue>();
    for (const pair of listOf(pairs)) {
      const [key, value] = listOf(pair);
      if (typeof key === "string" && value instanceof DbusVariant) properties.set(key, value.value);
    }
    return properties;
  }

  async #call(call: Omit<DbusCall, "serial">, signal: AbortSignal): Promise<DbusValue[]> {
    try {
      return await this.#connection.call({ ...this.#destination, ...call }, signal);
    } catch (error) {
      if (!(error instanceof DbusCallError) || !NOT_THERE.test(error.errorName)) throw error;
      throw new FactUnavailableError("cannot ask systemd: the bus does not know it; does systemd run here?", {
        cause: error,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

/**
 * Connects: over the bus, and where that fails over systemd's own socket.
 * @throws FactUnavailableError where there is no such socket or none that may be opened, Error or `TimeoutError` where
 *   nobody behind it answers.
 */
export async function openSystemd(options: SystemdOptions, signal: AbortSignal): Promise<Systemd> {
  const { clock, busSocket = SYSTEM_BUS_SOCKET, privateSocket = SYSTEMD_SOCKET } = options;
  let onBus: unknown;
  try {
    const connection = await DbusConnection.open({ clock, socket: busSocket }, signal);
    return new Systemd(connection, true);
  } catch (error) {
    signal.throwIfAborted();
    onBus = error;
  }
  try {
    const connection = await DbusConnection.open({ clock, socket: privateSocket, isBus: false }, signal);
    return new Systemd(connection, false);
  } catch (onPrivate) {
    signal.throwIfAborted();
    if (!isMissing(onBus)) throw onBus;
    if (!isMissing(onPrivate)) throw onPrivate;
    throw new FactUnavailableError(
      `cannot ask systemd: there is neither ${busSocket} nor ${privateSocket}; does systemd run here?`,
      { cause: onBus },
    );
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Deno.errors.NotFound;
}

/** `ListUnits` answers with structs whose first fields are name, description, load, active and sub state. */
function unitsOf(list: DbusValue | undefined): SystemdUnit[] {
  return listOf(list).flatMap((entry) => {
    const [name, description, loadState, activeState, subState] = listOf(entry).map(textOf);
    if (name === undefined || loadState === undefined || activeState === undefined) return [];
    return [{ name, description: description ?? "", loadState, activeState, subState: subState ?? "" }];
  });
}

const NOTHING: ReadonlyMap<string, DbusValue> = new Map();

/** By a unit's suffix, the interface with what belongs to its kind. */
const KINDS: Readonly<Record<string, string>> = {
  service: "org.freedesktop.systemd1.Service",
  socket: "org.freedesktop.systemd1.Socket",
  timer: "org.freedesktop.systemd1.Timer",
  mount: "org.freedesktop.systemd1.Mount",
};

function listOf(value: DbusValue | undefined): DbusValue[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: DbusValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The highest value there is stands for "not counted". */
function countOf(value: DbusValue | undefined): number | undefined {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && number <= Number.MAX_SAFE_INTEGER ? number : undefined;
}

/** Microseconds since 1970; 0 is never, the highest value too. */
function timestampMs(value: DbusValue | undefined): number | undefined {
  const us = countOf(value);
  return us === undefined || us === 0 ? undefined : Math.round(us / 1000);
}

/** 0 is also what stands there before a process has ever ended. */
function exitStatusOf(properties: ReadonlyMap<string, DbusValue>): number | undefined {
  const code = countOf(properties.get("ExecMainCode"));
  return code === undefined || code === 0 ? undefined : countOf(properties.get("ExecMainStatus"));
}

function defined<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [Key in Name]?: Value } {
  return value === undefined ? {} : { [name]: value } as { [Key in Name]?: Value };
}
