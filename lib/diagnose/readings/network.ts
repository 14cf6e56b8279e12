/** Figures of the tools about the network of the host itself. */
import type { Evidence } from "../evidence.ts";
import { active, figure, numberOf, objectOf, processOf, type Reading, rowsOf, textOf } from "./reading.ts";

const tcpStates: Reading = (data, tool) => [
  ...figure(tool, "network", "tcp.connections", objectOf(data).total, "times"),
  ...figure(tool, "network", "tcp.close_wait", objectOf(data).close_wait, "times"),
  ...figure(tool, "network", "tcp.time_wait", objectOf(data).time_wait, "times"),
];

const closeWaitOwners: Reading = (data, tool) => [
  ...figure(tool, "network", "tcp.close_wait", objectOf(data).close_wait, "times"),
  ...rowsOf(objectOf(data).holders).flatMap((row) =>
    figure(tool, "network", "close_wait.held", row.count, "times", { ...portOf(row.port), ...processOf(row) })
  ),
];

const listenPorts: Reading = (data, tool) =>
  rowsOf(objectOf(data).ports).flatMap((row) => {
    const whose = { ...portOf(row.port), ...processOf(row) };
    return [
      ...active(tool, "network", "listen.queue", row.accept_queue, "times", whose),
      ...active(tool, "network", "listen.half_open", row.half_open, "times", whose),
    ];
  });

const listenOverflow: Reading = (data, tool) => {
  const { listeners, overflows, overflows_since_boot: sinceBoot } = objectOf(data);
  return [
    ...figure(tool, "network", "listen.overflows", overflows, "times"),
    ...figure(tool, "network", "listen.overflows_since_boot", sinceBoot, "times"),
    ...listenPorts({ ports: listeners }, tool),
  ];
};

/** A handful of segments says nothing of a way's losses. */
const ENOUGH_SEGMENTS = 100;

const retransmissions: Reading = (data, tool) => {
  const { segments_sent: sent, retransmitted_pct: again } = objectOf(data);
  return [
    ...figure(tool, "network", "tcp.segments_sent", sent, "times"),
    ...((numberOf(sent) ?? 0) < ENOUGH_SEGMENTS
      ? []
      : figure(tool, "network", "tcp.retransmitted", again, "%")),
  ];
};

const conntrack: Reading = (data, tool) =>
  figure(tool, "network", "conntrack.used", objectOf(data).used_pct, "%");

const neighbours: Reading = (data, tool) =>
  rowsOf(objectOf(data).tables).flatMap((row) =>
    figure(tool, "network", "neigh.used", row.used_pct, "%", { device: textOf(row.family) ?? "" })
  );

/** Since each came up: worth knowing, but only their growth tells of trouble, and that is the check's to see. */
const interfaces: Reading = (data, tool) =>
  rowsOf(objectOf(data).interfaces).flatMap((row): Evidence[] => {
    const device = textOf(row.name);
    if (device === undefined) return [];
    const [received, sent] = [objectOf(row.rx), objectOf(row.tx)];
    return [
      ...figure(tool, "network", "netif.received", received.bytes, "bytes", { device }),
      ...figure(tool, "network", "netif.sent", sent.bytes, "bytes", { device }),
      ...active(tool, "network", "netif.receive_errors", received.errors, "times", { device }),
      ...active(tool, "network", "netif.send_errors", sent.errors, "times", { device }),
      ...active(tool, "network", "netif.receive_drops", received.dropped, "times", { device }),
      ...active(tool, "network", "netif.send_drops", sent.dropped, "times", { device }),
    ];
  });

const softnet: Reading = (data, tool) =>
  active(tool, "network", "packets.dropped", objectOf(data).dropped, "times");

function portOf(value: unknown): { port?: number } {
  const port = numberOf(value);
  return port === undefined ? {} : { port };
}

/** See `all_readings.ts`. */
export const NETWORK_READINGS: readonly (readonly [tool: string, reading: Reading])[] = [
  ["tcp_state_distribution", tcpStates],
  ["close_wait_owners", closeWaitOwners],
  ["network_listen_ports", listenPorts],
  ["listen_overflow", listenOverflow],
  ["tcp_retrans_rate", retransmissions],
  ["conntrack_stat", conntrack],
  ["arp_neigh", neighbours],
  ["network_interfaces", interfaces],
  ["softnet_stat", softnet],
];
