/** A tool that connects to a port. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { readEndpoint } from "../host/probes/endpoint.ts";
import { failureText } from "../host/probes/failure_text.ts";
import { GuardedAddressError } from "../host/probes/guarded_address.ts";
import { timeText } from "../host/probes/probe_deadline.ts";
import { probeEndpoint } from "../host/probes/send_expect.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { wholeNumber } from "./arguments.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

/** How long one attempt may take; five of them fit into the registry's own deadline. */
const ATTEMPT_MS = 1800;

/** One try to connect. */
interface Attempt {
  readonly connect_ms?: number;
  readonly peer?: string;
  readonly failure?: string;
}

/** Connecting, a few times over. */
export const TCP_PING = defineTool({
  name: "tcp_ping",
  family: "reach",
  description:
    "Connects to a TCP port a few times, sends nothing, and times it: is it reachable, and how far is it?",
  args: {
    address: about(z.string().check(z.minLength(3), z.maxLength(300)), "What is connected to, as host:port."),
    count: about(wholeNumber(3, 1, 5), "How often."),
  },
  needs: [],
  reach: "network",
  async run({ address, count }, { clock, signal }) {
    const reading = readEndpoint(address, { transports: ["tcp"] });
    if ("problem" in reading) throw new TypeError(`cannot connect: ${reading.problem}`);
    const { endpoint } = reading;
    const attempts: Attempt[] = [];
    while (attempts.length < count) {
      try {
        const found = await probeEndpoint({ endpoint, clock, signal, timeoutMs: ATTEMPT_MS, guarded: true });
        attempts.push({ connect_ms: found.connectMs, peer: found.peerAddress });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof FactUnavailableError || error instanceof GuardedAddressError) throw error;
        attempts.push({ failure: failureText(error) });
      }
    }
    const times = attempts.flatMap(({ connect_ms }) => connect_ms ?? []);
    const summary = times.length === 0
      ? ""
      : `, ${timeText(Math.min(...times))} to ${timeText(Math.max(...times))}`;
    const rows = attempts.map(({ connect_ms, peer, failure }, index) => [
      String(index + 1),
      connect_ms === undefined ? "-" : timeText(connect_ms),
      peer ?? failure ?? "",
    ]);
    return {
      text: `${address}: connected ${times.length} of ${count} times${summary}\n` +
        table(columns(">#", ">time", "peer"), rows),
      data: { address, connected: times.length, attempts },
    };
  },
});
