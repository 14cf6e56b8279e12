/** File systems that are full or silent, and devices at their limit. */
import { type Conclusion, type Rule, severityOf } from "../conclusion.ts";
import { type Evidence, type EvidenceSet, subjectText } from "../evidence.ts";
import { LIMITS } from "../limits.ts";
import { present, withFigure } from "./wording.ts";

/** File systems that are full, and who holds or writes the most on them. */
export const fullFileSystems: Rule = (evidence) =>
  evidence.all("fs.used").flatMap((used): Conclusion[] => {
    const severity = severityOf(used.value, LIMITS["fs.used"]);
    const { mount } = used.subject;
    if (severity === undefined || mount === undefined) return [];
    const free = evidence.largest("fs.available", { mount });
    const held = filesOn(evidence, "file.deleted", mount);
    const open = filesOn(evidence, "file.open", mount);
    const holder = held[0] ?? open[0];
    const how = held.length > 0
      ? "holds a deleted file on it, which still takes space"
      : "has a file open on it";
    return [{
      severity,
      resource: "disk space",
      text: `the file system ${subjectText({ mount })} is used to ${used.text}` +
        (free ? `, ${free.text} left` : "") + (holder ? `; pid ${holder.subject.pid} ${how}` : ""),
      evidence: present(used, free, ...held.slice(0, 3), ...open.slice(0, 3)),
      decidedBy: [`disk::space_usage ${mount}`],
      next: [
        ...(held[0]
          ? [`Let pid ${held[0].subject.pid} reopen its files (reload it): that frees what was deleted.`]
          : []),
        "Look for what grew: logs, caches, cores and temporary files first. Remove nothing that is still open.",
      ],
    }];
  });

/** The open files below a mount point, but not below another one that is mounted deeper. */
function filesOn(evidence: EvidenceSet, name: string, mount: string): Evidence[] {
  const mounts = evidence.all("fs.used").flatMap(({ subject }) => subject.mount ?? []);
  return evidence.all(name).filter(({ subject: { path = "" } }) => {
    const on = mounts.filter((one) => isBelow(path, one)).sort((a, b) => b.length - a.length)[0];
    return on === mount;
  });
}

function isBelow(path: string, mount: string): boolean {
  return mount === "/" ? path.startsWith("/") : path === mount || path.startsWith(`${mount}/`);
}

/** File systems without inodes: many small files. */
export const fullInodes: Rule = (evidence) =>
  evidence.all("fs.inodes").flatMap((used): Conclusion[] => {
    const severity = severityOf(used.value, LIMITS["fs.inodes"]);
    const { mount } = used.subject;
    if (severity === undefined || mount === undefined) return [];
    return [{
      severity,
      resource: "disk space",
      text: `the inodes of ${subjectText({ mount })} are used to ${used.text}: too many small files`,
      evidence: [used],
      decidedBy: [`disk::inode_usage ${mount}`],
      next: ["Look for a folder with very many entries: session files, mail queues and caches first."],
    }];
  });

/** File systems that do not answer. */
export const hungFileSystems: Rule = (evidence) =>
  evidence.all("fs.hung").map((hung): Conclusion => ({
    severity: "Critical",
    resource: "disk space",
    text: `the file system ${subjectText({ mount: hung.subject.mount ?? "" })} does not answer`,
    evidence: [hung],
    decidedBy: [`disk::hung ${hung.subject.mount}`],
    next: [
      "Where it is a network mount: see whether its server can be reached. Processes that touch it hang, too.",
    ],
  }));

/** Devices at their limit: who reads and writes. */
export const busyDevices: Rule = (evidence) => {
  const iowait = evidence.largest("cpu.iowait");
  const waits = severityOf(iowait?.value, LIMITS["cpu.iowait"]);
  const pressure = evidence.largest("psi.io.some");
  const presses = severityOf(pressure?.value, LIMITS["psi.some"]);
  const busy = evidence.all("disk.busy").filter(({ value }) => severityOf(value, LIMITS["disk.busy"]));
  const slow = evidence.all("disk.await").filter(({ value }) => severityOf(value, LIMITS["disk.await"]));
  const [device] = busy.length > 0 ? busy : slow;
  if (device === undefined && waits === undefined && presses === undefined) return [];
  const doer = busiest(evidence);
  const severity = severityOf(
    device?.value,
    device?.name === "disk.busy" ? LIMITS["disk.busy"] : LIMITS["disk.await"],
  );
  const wait = device && evidence.largest("disk.await", { device: device.subject.device ?? "" });
  return [{
    // A device that is busy is doing its work; that somebody waits for it is what hurts.
    severity: waits ?? presses ?? (severity === undefined ? "Info" : "Warning"),
    resource: "disk io",
    text: [
      device && `the device ${subjectText(device.subject)} is at its limit: ` +
        (device.name === "disk.busy" ? `busy ${device.text} of the time` : `${device.text} for each request`),
      waits && iowait && `the processors wait for it ${iowait.text} of the time`,
      presses && pressure && `tasks wait for input and output ${pressure.text} of the time`,
      doer && `the most is ${doer.name === "process.write" ? "written" : "read"} by ${withFigure(doer)}`,
    ].filter(Boolean).join("; "),
    evidence: present(device, wait, waits && iowait, presses && pressure, doer),
    explains: [
      "psi::io_some",
      "psi::io_full",
      ...slow.map(({ subject }) => `diskio::io_latency ${subject.device}`),
    ],
    next: doer === undefined ? ["See who reads and writes the most: io_top."] : [
      `See which files pid ${doer.subject.pid} works on: open_files with that pid.`,
      "Where it can wait (a backup, a rebuild): lower its I/O priority or its rate.",
    ],
  }];
};

/** The process that moves the most; it must move something. */
function busiest(evidence: EvidenceSet): Evidence | undefined {
  const written = evidence.largest("process.write");
  const read = evidence.largest("process.read");
  const larger = (read?.value ?? 0) > (written?.value ?? 0) ? read : written;
  return larger !== undefined && larger.value > 0 ? larger : undefined;
}

/** All rules of this file. */
export const DISK_RULES: readonly Rule[] = [fullFileSystems, fullInodes, hungFileSystems, busyDevices];
