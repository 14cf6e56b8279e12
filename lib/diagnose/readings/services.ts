/** Figures of the tools about what the kernel says, the machine, and services. */
import type { Evidence } from "../evidence.ts";
import { figure, numberOf, objectOf, processOf, type Reading, rowsOf, textOf } from "./reading.ts";

const oomHistory: Reading = (data, tool) => [
  ...figure(tool, "memory", "oom.kills", objectOf(data).kills_since_boot, "times"),
  ...rowsOf(objectOf(data).kills).flatMap((row) =>
    figure(tool, "memory", "oom.victim", row.age_sec, "s", processOf(row))
  ),
];

const kernelLog: Reading = (data, tool) =>
  figure(tool, "kernel", "kernel.warnings", objectOf(data).matching, "times");

const thermal: Reading = (data, tool) =>
  rowsOf(objectOf(data).sensors).flatMap((row) => {
    const device = textOf(row.sensor);
    return device === undefined ? [] : figure(tool, "kernel", "thermal", row.celsius, "°C", { device });
  });

const failedUnits: Reading = (data, tool) => [
  ...figure(tool, "services", "units.failed", objectOf(data).failed, "times"),
  ...rowsOf(objectOf(data).units).flatMap((row) => failure(tool, row.unit, row.result ?? row.active_state)),
];

const unit: Reading = (data, tool) => {
  const { unit, active_state: state, result } = objectOf(data);
  return state === "failed" ? failure(tool, unit, result ?? state) : [];
};

/** A container that has ended may be meant to; one that starts again and again is not. */
const containers: Reading = (data, tool) => [
  ...figure(tool, "services", "containers.running", objectOf(data).running, "times"),
  ...rowsOf(objectOf(data).containers).flatMap((row) => {
    const status = textOf(row.status) ?? "";
    const bad = row.state === "restarting" || row.state === "dead" || /\(unhealthy\)/.test(status);
    return bad ? failure(tool, row.name, /\(unhealthy\)/.test(status) ? "unhealthy" : row.state) : [];
  }),
];

/** A state, not a figure. */
function failure(tool: string, who: unknown, how: unknown): Evidence[] {
  const name = textOf(who);
  return name === undefined ? [] : [{
    resource: "services",
    name: "service.failed",
    value: numberOf(how) ?? 0,
    unit: "id",
    text: textOf(how) ?? "failed",
    tool,
    subject: { name },
  }];
}

/** See `all_readings.ts`. */
export const SERVICE_READINGS: readonly (readonly [tool: string, reading: Reading])[] = [
  ["oom_history", oomHistory],
  ["kernel_log", kernelLog],
  ["thermal_zone", thermal],
  ["service_list_failed", failedUnits],
  ["service_status", unit],
  ["docker_ps", containers],
];
