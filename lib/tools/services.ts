/** Tools about systemd's units. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { bytesText } from "../host/figure_text.ts";
import { SYSTEM_BUS_SOCKET } from "../host/probes/service_places.ts";
import { socketNeeds } from "../host/probes/service_address.ts";
import { openSystemd, type SystemdTimer, type SystemdUnitDetail } from "../host/probes/systemd.ts";
import { isUnitName, unitName } from "../host/probes/unit_name.ts";
import { flag } from "./arguments.ts";
import { columns, table } from "./table.ts";
import { defineTool, type ToolDefinition } from "./tool.ts";

/** Options of {@linkcode servicesTools}. */
export interface ServicesToolsOptions {
  /** @default "/run/dbus/system_bus_socket" */
  busSocket?: string;
  /** Tried where the bus cannot be spoken to. @default "/run/systemd/private" */
  privateSocket?: string;
}

const MAX_LISTED = 200;

/** The family `services`. */
export function servicesTools(options: ServicesToolsOptions = {}): readonly ToolDefinition[] {
  const needs = socketNeeds(options.busSocket ?? SYSTEM_BUS_SOCKET);
  const family = "services";
  const reach = "service";

  const serviceStatus = defineTool({
    name: "service_status",
    family,
    description: "One systemd unit: its state and since when, its process, how it ended, restarts, memory",
    args: {
      unit: about(
        z.string().check(z.refine(isUnitName, "must be a unit's name such as ssh or backup.timer")),
        "The unit; a name without a suffix is a service.",
      ),
    },
    needs,
    reach,
    async run({ unit }, { clock, signal }) {
      using systemd = await openSystemd({ clock, ...options }, signal);
      const detail = await systemd.unit(unitName(unit), signal);
      return { text: detailLines(detail, clock.wallMs()).join("\n"), data: detailData(detail) };
    },
  });

  const serviceListFailed = defineTool({
    name: "service_list_failed",
    family,
    description: "Systemd units that have failed, with how each ended; none is good news",
    args: {},
    needs,
    reach,
    async run(_args, { clock, signal }) {
      using systemd = await openSystemd({ clock, ...options }, signal);
      const all = await systemd.units(signal);
      const failed = all.filter(({ activeState }) => activeState === "failed");
      const details: SystemdUnitDetail[] = [];
      for (const { name } of failed.slice(0, MAX_LISTED)) details.push(await systemd.unit(name, signal));
      const header = `${failed.length} of ${all.length} units have failed`;
      const rows = details.map((unit) => [
        unit.name,
        unit.result ?? "?",
        unit.exitStatus === undefined ? "" : String(unit.exitStatus),
        timeText(unit.sinceMs) ?? "?",
        unit.description,
      ]);
      const text = rows.length === 0
        ? header
        : `${header}\n${table(columns("unit", "result", ">status", "since", "description"), rows)}`;
      return { text, data: { total: all.length, failed: failed.length, units: details.map(detailData) } };
    },
  });

  const systemdTimers = defineTool({
    name: "systemd_timers",
    family,
    description: "Systemd timers: what each starts, when it last did and will do next",
    args: { show_all: about(flag(false), "Whether to show those that are not active, too.") },
    needs,
    reach,
    async run({ show_all }, { clock, signal }) {
      using systemd = await openSystemd({ clock, ...options }, signal);
      const { timers, total } = await systemd.timers(MAX_LISTED, signal);
      const shown = timers.filter(({ activeState }) => show_all || activeState === "active")
        .toSorted((a, b) => (a.nextMs ?? Infinity) - (b.nextMs ?? Infinity) || (a.name < b.name ? -1 : 1));
      const header = `${shown.length} of ${total} timers${
        total > timers.length ? `, of which ${timers.length} were looked at` : ""
      }`;
      const rows = shown.map(({ name, unit, activeState, lastMs, nextMs, result }) => [
        name,
        activeState,
        timeText(nextMs) ?? "-",
        timeText(lastMs) ?? "-",
        result ?? "",
        unit,
      ]);
      const titles = columns("timer", "state", "next", "last", "result", "starts");
      return {
        text: rows.length === 0 ? header : `${header}\n${table(titles, rows)}`,
        data: { total, timers: shown.map(timerData) },
      };
    },
  });

  return [serviceStatus, serviceListFailed, systemdTimers];
}

function detailLines(unit: SystemdUnitDetail, nowMs: number): string[] {
  const since = unit.sinceMs === undefined
    ? ""
    : ` since ${timeText(unit.sinceMs)} (${agoText(nowMs - unit.sinceMs)} ago)`;
  const pairs: [string, string | undefined][] = [
    ["about", unit.description],
    ["loaded", `${unit.loadState}${unit.unitFileState === undefined ? "" : `, ${unit.unitFileState}`}`],
    ["file", unit.fragmentPath],
    ["pid", unit.mainPid?.toString()],
    ["result", unit.result],
    ["exit status", unit.exitStatus?.toString()],
    ["restarts", unit.restarts?.toString()],
    ["tasks", unit.tasks?.toString()],
    ["memory", unit.memoryBytes === undefined ? undefined : bytesText(unit.memoryBytes)],
    ["cpu time", unit.cpuNs === undefined ? undefined : `${(unit.cpuNs / 1e9).toFixed(1)} s`],
  ];
  return [
    `${unit.name}: ${unit.activeState} (${unit.subState})${since}`,
    ...pairs.flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [`${name.padEnd(12)}${value}`]
    ),
  ];
}

function detailData(unit: SystemdUnitDetail) {
  return {
    unit: unit.name,
    description: unit.description,
    load_state: unit.loadState,
    active_state: unit.activeState,
    sub_state: unit.subState,
    since: timeText(unit.sinceMs),
    unit_file_state: unit.unitFileState ?? null,
    fragment_path: unit.fragmentPath ?? null,
    main_pid: unit.mainPid ?? null,
    result: unit.result ?? null,
    exit_status: unit.exitStatus ?? null,
    restarts: unit.restarts ?? null,
    memory_bytes: unit.memoryBytes ?? null,
    cpu_sec: unit.cpuNs === undefined ? null : unit.cpuNs / 1e9,
    tasks: unit.tasks ?? null,
  };
}

function timerData({ name, unit, activeState, lastMs, nextMs, result }: SystemdTimer) {
  return {
    timer: name,
    unit,
    active_state: activeState,
    next: timeText(nextMs),
    last: timeText(lastMs),
    result: result ?? null,
  };
}

/** The farthest that a date can be told. */
const MAX_DATE_MS = 8.64e15;

function timeText(ms: number | undefined): string | null {
  return ms === undefined || ms > MAX_DATE_MS ? null : new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

function agoText(ms: number): string {
  const sec = Math.max(0, Math.round(ms / 1000));
  if (sec < 120) return `${sec} s`;
  if (sec < 7200) return `${Math.round(sec / 60)} min`;
  return sec < 172_800 ? `${Math.round(sec / 3600)} h` : `${Math.round(sec / 86_400)} d`;
}

/** The family on this host's usual sockets. */
export const SERVICES_TOOLS: readonly ToolDefinition[] = servicesTools();
