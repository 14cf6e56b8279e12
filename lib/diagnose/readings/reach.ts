/** Figures of the tools that reach out. */
import type { Evidence, Subject } from "../evidence.ts";
import { figure, objectOf, type Reading, rowsOf, textOf } from "./reading.ts";

const tcpPing: Reading = (data, tool) => {
  const { address, connected, attempts } = objectOf(data);
  const subject = named(address);
  return [
    ...figure(tool, "network", "reach.connected", connected, "times", subject),
    ...rowsOf(attempts).flatMap((row) =>
      figure(tool, "network", "reach.time", row.connect_ms, "ms", subject)
    ),
  ];
};

const httpProbe: Reading = (data, tool) => {
  const { status, peer, total_ms: total, certificate } = objectOf(data);
  const subject = named(peer);
  return [
    ...figure(tool, "network", "http.status", status, "id", subject),
    ...figure(tool, "network", "reach.time", total, "ms", subject),
    ...certificateOf(tool, certificate),
  ];
};

const remoteCertificate: Reading = (data, tool) =>
  rowsOf(objectOf(data).chain).flatMap((row) => certificateOf(tool, row));

const fileCertificates: Reading = (data, tool) =>
  rowsOf(objectOf(data).certificates).flatMap((row) => certificateOf(tool, row));

function certificateOf(tool: string, value: unknown): Evidence[] {
  const { subject, days_left: days } = objectOf(value);
  return figure(tool, "network", "certificate.days_left", days, "times", named(subject));
}

const ntpStatus: Reading = (data, tool) => {
  const { server, offset_ms: offset, stratum } = objectOf(data);
  return [
    ...figure(tool, "time", "clock.offset", offset, "ms", named(server)),
    ...figure(tool, "time", "clock.stratum", stratum, "id", named(server)),
  ];
};

function named(value: unknown): Subject {
  const name = textOf(value);
  return name === undefined ? {} : { name };
}

/** See `all_readings.ts`. */
export const REACH_READINGS: readonly (readonly [tool: string, reading: Reading])[] = [
  ["tcp_ping", tcpPing],
  ["http_probe", httpProbe],
  ["cert_inspect_remote", remoteCertificate],
  ["cert_inspect_file", fileCertificates],
  ["ntp_status", ntpStatus],
];
