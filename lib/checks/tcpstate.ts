/** Whether connections pile up that are over: CLOSE_WAIT is a program's mistake, TIME_WAIT uses up ports. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import type { Clock } from "../clock.ts";
import type { HostFacts } from "../host/host_facts.ts";
import {
  closeWaitHolders,
  type CloseWaitSockets,
  holderText,
  readCloseWait,
} from "../host/net/close_wait_holders.ts";
import type { Check, Finding } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { rateFigure, thresholdOptions, type Thresholds } from "./rating.ts";

/** How long the holders that were found are taken for those of now: looking through all processes is dear. */
const HOLDERS_AGE_MS = 60_000;

/** How many holders are named. */
const MAX_NAMED = 5;

/** The check of connections that are over. */
export const TCPSTATE_CHECK = defineCheck({
  plugin: "tcpstate",
  summary: "TCP connections that are over but not gone: CLOSE_WAIT (and who holds them), TIME_WAIT",
  dimensions: [
    {
      dimension: "close_wait",
      target: "tcp",
      figure: "connections that the other side ended and a program has not closed",
      source: "`/proc/net/tcp`, `/proc/net/tcp6`; the holders: `/proc/PID/fd`",
      defaults: "warning ≥ 100, critical ≥ 1000",
    },
    {
      dimension: "time_wait",
      target: "tcp",
      figure: "connections that this host ended, and that keep their port for a minute",
      source: "`/proc/net/tcp`, `/proc/net/tcp6`",
      defaults: "warning ≥ 5000, critical ≥ 20000",
    },
  ],
  options: () => ({
    ...thresholdOptions({ warn: 100, critical: 1000, unit: "connections in CLOSE_WAIT" }),
    time_wait: about(
      z.prefault(
        z.strictObject(
          thresholdOptions({ warn: 5000, critical: 20_000, unit: "connections in TIME_WAIT" }),
        ),
        {},
      ),
      "Thresholds of connections in TIME_WAIT.",
    ),
  }),
  pace: { for: "2m" },
  byDefault: true,
  targets: () => ["tcp"],
  needs: () => [{ kernel: "/proc/net/tcp" }, { kernel: "/proc/net/tcp6" }],
  make: ({ warn_ge, critical_ge, time_wait }, { host, clock }) => [
    new TcpStateCheck({ closeWait: { warn_ge, critical_ge }, timeWait: time_wait }, host, clock),
  ],
});

interface StateThresholds {
  readonly closeWait: Thresholds;
  readonly timeWait: Thresholds;
}

class TcpStateCheck implements Check {
  readonly plugin = "tcpstate";
  readonly target = "tcp";
  readonly #thresholds: StateThresholds;
  readonly #host: HostFacts;
  readonly #clock: Clock;
  /** Who held the sockets when it was looked last, while there are too many. */
  #holders: { text: string; pids: readonly number[]; atMs: number; status: string } | undefined;

  constructor(thresholds: StateThresholds, host: HostFacts, clock: Clock) {
    this.#thresholds = thresholds;
    this.#host = host;
    this.#clock = clock;
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const { closeWait, timeWait, sockets } = await readCloseWait(this.#host);
    const finding = rateFigure({
      check: "tcpstate::close_wait",
      target: this.target,
      subject: "connections in CLOSE_WAIT",
      value: closeWait,
      show: String,
    }, this.#thresholds.closeWait);
    return [
      await this.#withHolders(finding, sockets, signal),
      rateFigure({
        check: "tcpstate::time_wait",
        target: this.target,
        subject: "connections in TIME_WAIT",
        value: timeWait,
        show: String,
      }, this.#thresholds.timeWait),
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
