/** Sockets that pile up, queues that are full, lines that lose. */
import { type Conclusion, type Rule, severityOf } from "../conclusion.ts";
import { type Evidence, subjectText } from "../evidence.ts";
import { LIMITS } from "../limits.ts";
import { present } from "./wording.ts";

/** Connections that the other side ended and a program here does not close. */
export const closeWaitPile: Rule = (evidence) => {
  const total = evidence.largest("tcp.close_wait");
  const severity = severityOf(total?.value, LIMITS["tcp.close_wait"]);
  if (total === undefined || severity === undefined) return [];
  const holders = evidence.all("close_wait.held");
  const [holder] = holders;
  return [{
    severity,
    resource: "network",
    text: `connections pile up in CLOSE_WAIT (${total.text}): a program does not close them` +
      (holder ? `; the most belong to ${subjectText(holder.subject)} (${holder.text})` : ""),
    evidence: present(total, ...holders.slice(0, 3)),
    decidedBy: ["tcpstate::close_wait"],
    next: [
      holder?.subject.pid === undefined
        ? "See whose they are: close_wait_owners, as a user that may look into other processes."
        : `It is a fault of that program: see its log and its version; restarting it frees what pid ${holder.subject.pid} holds.`,
    ],
  }];
};

/** Many connections that this side ended: each keeps its port for a while. */
export const timeWaitPile: Rule = (evidence) =>
  single(evidence.largest("tcp.time_wait"), LIMITS["tcp.time_wait"], (figure) => ({
    resource: "network",
    text: `connections pile up in TIME_WAIT (${figure.text}): something connects anew for each request`,
    decidedBy: ["tcpstate::time_wait"],
    next: ["See to whom (top_connections_by_port), and let that program keep its connections."],
  }));

/**
 * Listeners that do not take their connections: clients wait or are refused. One look at a queue says little, for it is
 * there to be used: it has to be long, or seen twice while something is lost.
 */
export const fullAcceptQueues: Rule = (evidence) => {
  const lost = evidence.largest("listen.overflows");
  const ports = new Set(evidence.all("listen.queue").flatMap(({ subject }) => subject.port ?? []));
  return [...ports].flatMap((port): Conclusion[] => {
    const looks = evidence.all("listen.queue", { port });
    const queue = looks[0];
    const halfOpen = evidence.largest("listen.half_open", { port });
    const isFull = halfOpen !== undefined || (looks.length > 1 && lost !== undefined && lost.value > 0);
    const severity = isFull ? "Critical" : severityOf(looks.at(-1)?.value, LIMITS["listen.queue"]);
    if (queue === undefined || severity === undefined) return [];
    return [{
      severity,
      resource: "network",
      text:
        `the listener on ${subjectText(queue.subject)} does not accept its connections: ${queue.text} wait` +
        (halfOpen ? `, ${halfOpen.text} more are half open` : "") +
        (lost !== undefined && lost.value > 0 ? `, and clients are turned away (${lost.text})` : ""),
      evidence: present(queue, halfOpen, lost),
      explains: ["sockstat::listen_overflow"],
      next: [
        "See why that program does not accept (process_detail, proc_threads): it hangs, or lacks threads or files.",
      ],
    }];
  });
};

/** Connections that were dropped because no listener took them in time, where none is seen to have a queue. */
export const droppedConnections: Rule = (evidence) => {
  const recent = evidence.largest("listen.overflows");
  if (recent === undefined || recent.value <= 0 || evidence.all("listen.queue").length > 0) return [];
  return [{
    severity: "Warning",
    resource: "network",
    text: `new connections are dropped because an accept queue was full: ${recent.text}`,
    evidence: [recent],
    explains: ["sockstat::listen_overflow"],
    next: ["See which listener's queue fills up: network_listen_ports."],
  }];
};

/** Segments that had to be sent again. */
export const retransmissions: Rule = (evidence) =>
  single(
    evidence.largest("tcp.retransmitted"),
    LIMITS["tcp.retransmitted"],
    (figure) => ({
      resource: "network",
      text: `TCP sends ${figure.text} of its segments again: the way to some peer loses packets`,
      next: [
        "See which interface drops (network_interfaces) and which peers are concerned (top_connections_by_peer).",
      ],
    }),
  );

/** The kernel's table of tracked connections. */
export const conntrackFull: Rule = (evidence) =>
  single(
    evidence.largest("conntrack.used"),
    LIMITS["conntrack.used"],
    (figure) => ({
      resource: "network",
      text:
        `the connection tracking table is used to ${figure.text}: when it is full, new connections are dropped`,
      decidedBy: ["conntrack::conntrack_usage"],
      next: ["See who opens so many connections (top_connections_by_peer) before raising nf_conntrack_max."],
    }),
  );

/** The kernel's table of neighbours. */
export const neighboursFull: Rule = (evidence) =>
  single(
    evidence.largest("neigh.used"),
    LIMITS["neigh.used"],
    (figure) => ({
      resource: "network",
      text: `the neighbour table is used to ${figure.text}`,
      decidedBy: ["neigh::neigh_usage"],
      next: ["See whether the network is larger than the table was made for, before raising its thresholds."],
    }),
  );

function single(
  figure: Evidence | undefined,
  limit: { warning: number; critical: number },
  say: (figure: Evidence) => Pick<Conclusion, "resource" | "text" | "decidedBy" | "next">,
): Conclusion[] {
  const severity = severityOf(figure?.value, limit);
  return figure === undefined || severity === undefined
    ? []
    : [{ severity, evidence: [figure], ...say(figure) }];
}

/** All rules of this file. */
export const NETWORK_RULES: readonly Rule[] = [
  closeWaitPile,
  timeWaitPile,
  fullAcceptQueues,
  droppedConnections,
  retransmissions,
  conntrackFull,
  neighboursFull,
];
