/** The names of TCP's states, however somebody writes them. */
import { TCP_STATES } from "./tcp_table.ts";

/** Short forms that other programs print. */
const SHORT: Readonly<Record<string, string>> = {
  ESTAB: "ESTABLISHED",
  UNCONN: "CLOSE",
  LISTENING: "LISTEN",
};

/**
 * The kernel's number of a state: `ESTABLISHED`, `estab`, `close-wait`, `FIN_WAIT_2`.
 * @returns undefined where there is no such state.
 */
export function tcpStateNumber(written: string): number | undefined {
  const plain = written.trim().toUpperCase().replaceAll(/[-\s]/g, "_");
  const name = (SHORT[plain] ?? plain).replace(/^FIN_WAIT_(?=[12]$)/, "FIN_WAIT").replace(
    /_RCVD$|_RECEIVED$/,
    "_RECV",
  );
  for (const [number, known] of TCP_STATES) if (known === name) return number;
  return undefined;
}

/** The name of a state; `state 77` for one that is not known. */
export function tcpStateName(state: number): string {
  return TCP_STATES.get(state) ?? `state ${state}`;
}
