/** One host's looks at connections that are over. */
import type { Clock } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import {
  closeWaitHolders,
  type CloseWaitSockets,
  holderText,
  readCloseWait,
} from "../host/net/close_wait_holders.ts";
import type { Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import { rateFigure } from "./rating.ts";
import { TARGET, type TcpStateSettings } from "./tcpstate.ts";

/** How long the holders that were found are taken for those of now: looking through all processes is dear. */
const HOLDERS_AGE_MS = 60_000;

/** How many holders are named. */
const MAX_NAMED = 5;

/** How many there are, and who holds them while they are too many. */
export class TcpStateLook {
  readonly #settings: TcpStateSettings;
  readonly #host: HostFacts;
  readonly #clock: Clock;
  /** Who held the sockets when it was looked last, while there are too many. */
  #holders: { text: string; pids: readonly number[]; atMs: number; status: string } | undefined;

  constructor(settings: TcpStateSettings, { host, clock }: CheckSeams) {
    this.#settings = settings;
    this.#host = host;
    this.#clock = clock;
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const { closeWait, timeWait, sockets } = await readCloseWait(this.#host);
    const finding = rateFigure({
      check: "tcpstate::close_wait",
      target: TARGET,
      subject: "connections in CLOSE_WAIT",
      value: closeWait,
      show: String,
    }, this.#settings);
    return [
      await this.#withHolders(finding, sockets, signal),
      rateFigure({
        check: "tcpstate::time_wait",
        target: TARGET,
        subject: "connections in TIME_WAIT",
        value: timeWait,
        show: String,
      }, this.#settings.time_wait),
    ];
  }

  async #withHolders(finding: Finding, sockets: CloseWaitSockets, signal: AbortSignal): Promise<Finding> {
    if (finding.status === "Ok") {
      this.#holders = undefined;
      return finding;
    }
    const nowMs = this.#clock.monotonicMs();
    const { status } = finding;
    const isFresh = this.#holders?.status === status && nowMs - this.#holders.atMs < HOLDERS_AGE_MS;
    if (!isFresh) {
      const { text, pids } = await this.#look(sockets, signal);
      this.#holders = { text, pids, atMs: nowMs, status };
    }
    const text = this.#holders?.text ?? "";
    return {
      ...finding,
      description: `${finding.description}: ${text}`,
      attrs: { ...finding.attrs, held_by: text },
      detail: text,
    };
  }

  async #look(sockets: CloseWaitSockets, signal: AbortSignal): Promise<{ text: string; pids: number[] }> {
    try {
      const { holders, unreadable, isComplete } = await closeWaitHolders(this.#host, sockets, {
        clock: this.#clock,
        signal,
        likelyPids: this.#holders?.pids ?? [],
      });
      const named = holders.slice(0, MAX_NAMED);
      const lines = named.map(holderText);
      if (holders.length > named.length) lines.push(`${holders.length - named.length} more`);
      if (unreadable > 0) lines.push(`${unreadable} processes could not be looked into`);
      if (!isComplete) lines.push("not all processes were looked into");
      return { text: lines.join("; "), pids: named.flatMap(({ pid }) => pid ?? []) };
    } catch (error) {
      signal.throwIfAborted();
      return {
        text: `who holds them is not known: ${error instanceof Error ? error.message : error}`,
        pids: [],
      };
    }
  }
}
