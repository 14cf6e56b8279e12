/** Tools that ask programs about the network. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { addressOf, parseSocketDetails, type SocketDetails } from "../host/net/socket_details.ts";
import { requireSuccess, runAllowed } from "./allowed_program.ts";
import { wholeNumber } from "./arguments.ts";
import { FIREWALL_SUMMARY } from "./programs_firewall.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

const STATES = [
  "all",
  "established",
  "listening",
  "syn-sent",
  "syn-recv",
  "fin-wait-1",
  "fin-wait-2",
  "time-wait",
  "close-wait",
  "last-ack",
  "closing",
] as const;

/** A name or address; none begins with `-`, so none is taken for an option. */
const hostName = () =>
  z.string().check(
    z.regex(/^[A-Za-z0-9:][A-Za-z0-9._:%-]{0,252}$/, "must be a name or an address"),
  );

/** `0` is any. It goes into the filter as a number. */
function portFilter(port: number): string[] {
  return port === 0 ? [] : [`( sport = :${port} or dport = :${port} )`];
}

/** Connections with all that the kernel knows of them. */
export const SS_DETAIL = defineTool({
  name: "ss_detail",
  family: "network",
  description:
    "TCP connections as ss shows them: queues, processes, round trips, retransmissions, congestion window",
  args: {
    state: about(z._default(z.enum(STATES), "established"), "Only connections in this state."),
    port: about(wholeNumber(0, 0, 65_535), "Only with this port on either side; 0 is any."),
    max_lines: about(wholeNumber(50, 1, 500), "How many connections at most."),
  },
  needs: [{ run: "ss" }],
  reach: "program",
  async run({ state, port, max_lines }, context) {
    const args = [
      "--no-header",
      "--tcp",
      "--numeric",
      "--processes",
      "--info",
      "--oneline",
      "state",
      state,
      ...portFilter(port),
    ];
    const result = await runAllowed(["ss"], args, context);
    requireSuccess(result);
    const all = result.stdout.split("\n").filter((line) => line.trim() !== "");
    const lines = all.slice(0, max_lines).map((line) => cleanLine(line, 1000));
    const head = `${all.length} connections${state === "all" ? "" : ` in ${state}`}${
      port === 0 ? "" : ` with port ${port}`
    }`;
    const cut = all.length > lines.length ? `, ${lines.length} shown` : "";
    return {
      text: [`${head}${cut}${result.truncated ? " (ss said more)" : ""}`, ...lines].join("\n"),
      data: { connections: all.length, lines },
    };
  },
});

/** Round trips by peer. */
export const CONN_LATENCY_SUMMARY = defineTool({
  name: "conn_latency_summary",
  family: "network",
  description:
    "Round-trip times of established TCP connections by peer, the slowest first, with retransmissions",
  args: {
    port: about(wholeNumber(0, 0, 65_535), "Only with this port on either side; 0 is any."),
    top: about(wholeNumber(20, 1, 200), "How many peers at most."),
  },
  needs: [{ run: "ss" }],
  reach: "program",
  async run({ port, top }, context) {
    const args = [
      "--no-header",
      "--tcp",
      "--numeric",
      "--info",
      "--oneline",
      "state",
      "established",
      ...portFilter(port),
    ];
    const result = await runAllowed(["ss"], args, context);
    requireSuccess(result);
    const connections = parseSocketDetails(result.stdout);
    const peers = [...Map.groupBy(connections, ({ peer }) => addressOf(peer))].map(([peer, all]) =>
      summary(peer, all)
    )
      .sort((a, b) => (b.rtt_max_ms ?? -1) - (a.rtt_max_ms ?? -1) || b.retransmits - a.retransmits);
    const shown = peers.slice(0, top);
    const ms = (value: number | undefined) => value === undefined ? "-" : `${value.toFixed(2)} ms`;
    const rows = shown.map((one) => [
      String(one.connections),
      ms(one.rtt_min_ms),
      ms(one.rtt_median_ms),
      ms(one.rtt_max_ms),
      String(one.retransmits),
      one.peer,
    ]);
    const head = `${connections.length} established connections to ${peers.length} peers`;
    return {
      text: rows.length === 0
        ? head
        : `${head}\n${
          table(columns(">conns", ">shortest", ">median", ">longest", ">retransmits", "peer"), rows)
        }`,
      data: { connections: connections.length, peers: shown, peers_total: peers.length },
    };
  },
});

function summary(peer: string, all: readonly SocketDetails[]) {
  const rtts = all.flatMap(({ rttMs }) => rttMs === undefined ? [] : [rttMs]).sort((a, b) => a - b);
  const [shortest, median, longest] = [rtts[0], rtts[Math.floor(rtts.length / 2)], rtts.at(-1)];
  return {
    peer,
    connections: all.length,
    retransmits: all.reduce((sum, { retransmits }) => sum + retransmits, 0),
    ...(shortest !== undefined && { rtt_min_ms: shortest }),
    ...(median !== undefined && { rtt_median_ms: median }),
    ...(longest !== undefined && { rtt_max_ms: longest }),
  };
}

/** Whether a host answers. */
export const PING_CHECK = defineTool({
  name: "ping_check",
  family: "network",
  description: "ICMP echo to a host: loss and round-trip times",
  args: {
    host: about(hostName(), "The host's name or address."),
    count: about(wholeNumber(5, 1, 20), "How many packets."),
  },
  needs: [{ run: "ping" }],
  reach: "program",
  async run({ host, count }, context) {
    const args = ["-n", "-c", String(count), "-i", "0.2", "-W", "2", "-w", "8", "--", host];
    const result = await runAllowed(["ping"], args, context);
    // 1: nobody answered, which is what was to be found out.
    requireSuccess(
      result,
      result.code === 0 || (result.code === 1 && /packets transmitted/.test(result.stdout)),
    );
    const [, sent, received] = /(\d+) packets transmitted, (\d+) (?:packets )?received/.exec(result.stdout) ??
      [];
    const [, min, avg, max] = /= ([\d.]+)\/([\d.]+)\/([\d.]+)/.exec(result.stdout) ?? [];
    const packets = { sent: Number(sent ?? 0), received: Number(received ?? 0) };
    const lossPct = packets.sent === 0 ? 100 : 100 * (packets.sent - packets.received) / packets.sent;
    const rtt = avg === undefined ? "" : `, round trip ${min} ms shortest, ${avg} ms mean, ${max} ms longest`;
    return {
      text: `${host}: ${packets.received} of ${packets.sent} packets came back, ${
        lossPct.toFixed(0)
      } % lost${rtt}`,
      data: {
        host,
        ...packets,
        loss_pct: lossPct,
        ...(avg !== undefined &&
          { rtt_min_ms: Number(min), rtt_mean_ms: Number(avg), rtt_max_ms: Number(max) }),
      },
    };
  },
});

/** The way to a host. */
export const TRACEROUTE = defineTool({
  name: "traceroute",
  family: "network",
  description: "The routers on the way to a host, with a round-trip time each: where packets get lost",
  args: {
    host: about(hostName(), "The host's name or address."),
    max_hops: about(wholeNumber(20, 1, 30), "How many routers at most."),
  },
  needs: [{ run: "traceroute" }],
  reach: "program",
  async run({ host, max_hops }, context) {
    const args = ["-n", "-q", "1", "-w", "1", "-m", String(max_hops), "--", host];
    const result = await runAllowed(["traceroute"], args, context);
    requireSuccess(result);
    const hops = [
      ...result.stdout.matchAll(/^ *(\d{1,3}) {1,3}(?:\*|(\S{1,64}) {1,3}([\d.]{1,12}) ms(.{0,64}))/gm),
    ].map(
      ([, hop, address, rtt, note = ""]) => ({
        hop: Number(hop),
        ...(address !== undefined && { address, rtt_ms: Number(rtt) }),
        ...(note.trim() !== "" && { note: note.trim() }),
      }),
    );
    const rows = hops.map((
      { hop, address, rtt_ms, note },
    ) => [String(hop), address ?? "*", rtt_ms === undefined ? "" : `${rtt_ms} ms`, note ?? ""]);
    return {
      text: `${hops.length} hops on the way to ${host}\n${
        table(columns(">hop", "router", ">round trip", ""), rows)
      }`,
      data: { host, hops },
    };
  },
});

/** Those that ask about the network. */
export const PROGRAM_NETWORK_TOOLS = [
  SS_DETAIL,
  CONN_LATENCY_SUMMARY,
  PING_CHECK,
  TRACEROUTE,
  FIREWALL_SUMMARY,
];
