/** Plays about the network and what is reached over it. */
import type { Play, Question } from "./play.ts";
import { CLOSE_WAIT_OWNERS } from "./resources.ts";

const LISTENERS = {
  tool: "network_listen_ports",
  why: "Does a listener not accept its connections?",
} as const;
const STATES = { tool: "tcp_state_distribution", why: "In which states are the connections?" } as const;
const INTERFACES = { tool: "network_interfaces", why: "Does an interface lose packets?" } as const;

/** See the file's head. */
export const NETWORK_PLAYS: readonly Play[] = [
  {
    plugins: ["netif"],
    ask: () => [
      INTERFACES,
      { tool: "softnet_stat", why: "Does the kernel drop packets for lack of processor time?" },
      { tool: "tcp_retrans_rate", why: "Does TCP have to send again?" },
    ],
  },
  {
    plugins: ["sockstat"],
    ask: () => [
      LISTENERS,
      { tool: "listen_overflow", why: "Are connections dropped because a queue is full?" },
      { tool: "sockstat_summary", why: "How many sockets are there?" },
    ],
  },
  {
    plugins: ["tcpstate"],
    ask: () => [STATES, CLOSE_WAIT_OWNERS, {
      tool: "top_connections_by_peer",
      why: "With whom are the connections?",
    }],
  },
  {
    plugins: ["conntrack"],
    ask: () => [
      { tool: "conntrack_stat", why: "How full is the table of connections?" },
      { tool: "top_connections_by_peer", why: "With whom are the connections?" },
    ],
  },
  { plugins: ["neigh"], ask: () => [{ tool: "arp_neigh", why: "How many neighbours are known?" }] },
  { plugins: ["hostident"], ask: () => [{ tool: "ip_addr", why: "Which addresses does this host have?" }] },
  {
    plugins: ["net"],
    takesTarget: () => true,
    ask: ({ target, wholeHost }) => [
      ...(wholeHost
        ? []
        : [{ tool: "tcp_ping", args: { address: hostPort(target) }, why: "Can it be reached?" }]),
      INTERFACES,
      STATES,
    ],
  },
  {
    plugins: ["http"],
    takesTarget: () => true,
    ask: ({ target, wholeHost }) =>
      wholeHost ? [LISTENERS] : [
        { tool: "http_probe", args: { url: target }, why: "What does it answer?" },
        ...connection(urlAddress(target)),
      ],
  },
  {
    plugins: ["cert"],
    takesTarget: () => true,
    ask: ({ target, wholeHost }) =>
      wholeHost ? [] : [
        target.startsWith("/")
          ? { tool: "cert_inspect_file", args: { path: target }, why: "Until when is it valid?" }
          : { tool: "cert_inspect_remote", args: { address: target }, why: "Until when is it valid?" },
        ...connection(target.startsWith("/") ? undefined : withPort(target, 443)),
      ],
  },
  {
    plugins: ["dns"],
    takesTarget: () => true,
    ask: ({ target, wholeHost }) =>
      wholeHost ? [] : [
        { tool: "dns_lookup", args: { host: target }, why: "Does the system resolve it?" },
        { tool: "dns_resolve", args: { domain: target }, why: "What do the name servers answer?" },
      ],
  },
  {
    plugins: ["ntp"],
    takesTarget: () => true,
    ask: ({ target, wholeHost }) =>
      wholeHost ? [] : [
        { tool: "ntp_status", args: { server: target }, why: "How far is the clock off?" },
      ],
  },
];

/** What does not answer at all is told apart from what answers badly. */
function connection(address: string | undefined): Question[] {
  return address === undefined ? [] : [{ tool: "tcp_ping", args: { address }, why: "Can it be reached?" }];
}

/** Undefined where there is none in it: then the other questions say so. */
function urlAddress(target: string): string | undefined {
  const url = URL.parse(target);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
}

function withPort(address: string, port: number): string {
  if (/^[^[]*:.*:/.test(address)) return `[${address}]:${port}`;
  return /:\d+$/.test(address) ? address : `${address}:${port}`;
}

/** `tcp://host:port` of a check is `host:port` to a tool. */
function hostPort(target: string): string {
  return target.replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "");
}
