/** Figures of the tools about processes, their files, and what they read and write. */
import { active, figure, objectOf, processOf, type Reading, rowsOf } from "./reading.ts";

const ioTop: Reading = (data, tool) =>
  rowsOf(objectOf(data).processes).flatMap((row) => [
    ...active(tool, "disk io", "process.write", row.written_bytes_per_sec, "bytes/s", processOf(row)),
    ...active(tool, "disk io", "process.read", row.read_bytes_per_sec, "bytes/s", processOf(row)),
  ]);

const filefdUsage: Reading = (data, tool) => figure(tool, "files", "fd.used", objectOf(data).used_pct, "%");

const filefdTop: Reading = (data, tool) =>
  rowsOf(objectOf(data).processes).flatMap((row) => [
    ...figure(tool, "files", "process.fds", row.open_files, "times", processOf(row)),
    ...active(tool, "files", "process.fds_used", row.used_pct, "%", processOf(row)),
  ]);

const zombies: Reading = (data, tool) => [
  ...figure(tool, "processes", "zombies", objectOf(data).zombies, "times"),
  ...rowsOf(objectOf(data).parents).flatMap((row) =>
    figure(tool, "processes", "zombies.of_parent", row.zombies, "times", processOf(row))
  ),
];

/** Those that cannot be interrupted: they wait for a device. */
const processList: Reading = (data, tool) =>
  rowsOf(objectOf(data).processes).filter(({ state }) => state === "D").flatMap((row) =>
    figure(tool, "cpu", "process.blocked", row.pid, "id", processOf(row))
  );

/** What a process holds: which file lies on which file system is for the rules. */
const openFiles: Reading = (data, tool) => {
  const { pid, files } = objectOf(data);
  return rowsOf(files).filter(({ kind }) => kind === "file" || kind === "deleted file").flatMap((row) =>
    typeof row.target !== "string" ? [] : figure(
      tool,
      "files",
      row.kind === "file" ? "file.open" : "file.deleted",
      pid,
      "id",
      { ...processOf({ pid }), path: row.target.replace(/ \(deleted\)$/, "") },
    )
  );
};

/** See `all_readings.ts`. */
export const PROCESS_READINGS: readonly (readonly [tool: string, reading: Reading])[] = [
  ["io_top", ioTop],
  ["filefd_usage", filefdUsage],
  ["filefd_top_procs", filefdTop],
  ["zombies", zombies],
  ["process_list", processList],
  ["open_files", openFiles],
];
