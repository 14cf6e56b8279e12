/** Looks at one Redis. */
import type { RedisSettings } from "./redis.ts";
import { FactUnavailableError } from "../host/host_facts.ts";
import { readGrantedFile } from "../host/probes/granted_file.ts";
import { RedisClient, RedisReplyError } from "../host/probes/redis.ts";
import { parseRedisInfo, type RedisInfo } from "../host/probes/redis_info.ts";
import type { ServiceAddress } from "../host/probes/service_address.ts";
import type { Finding } from "./check.ts";
import type { CheckSeams } from "./definition.ts";
import { rateFigure, rateState } from "./rating.ts";
import { clusterFindings } from "./redis_cluster.ts";
import { RedisCounters } from "./redis_counters.ts";
import { infoFindings } from "./redis_info_findings.ts";
import { replicationLag } from "./redis_replication.ts";
import { addressOf } from "./redis.ts";

/** What a Redis answers, in part: what could not be had is what ended it. */
interface Conversation {
  readonly findings: Finding[];
}

/** One target's looks. */
export class RedisLook {
  readonly #target: string;
  readonly #address: ServiceAddress;
  readonly #settings: RedisSettings;
  readonly #clock: CheckSeams["clock"];
  readonly #counters: RedisCounters;

  constructor(target: string, settings: RedisSettings, { clock }: CheckSeams) {
    this.#target = target;
    this.#address = addressOf(target);
    this.#settings = settings;
    this.#clock = clock;
    this.#counters = new RedisCounters(clock);
  }

  async gather(signal: AbortSignal): Promise<Finding[]> {
    const credentials = await this.#credentials();
    const tls = await this.#tls();
    const client = await this.#connect(tls, signal);
    if (!(client instanceof RedisClient)) return client;
    const conversation: Conversation = { findings: [] };
    try {
      await this.#converse(client, conversation, credentials, tls, signal);
      conversation.findings.push(this.#hung(undefined));
    } catch (error) {
      signal.throwIfAborted();
      if (!isTimeout(error)) throw error;
      // It has accepted the connection: the system does that for a process that does nothing more.
      if (conversation.findings.length === 0) conversation.findings.push(this.#connectivity(undefined));
      conversation.findings.push(this.#hung(error.message));
    } finally {
      client[Symbol.dispose]();
    }
    return conversation.findings;
  }

  async #connect(tls: TlsSettings, signal: AbortSignal): Promise<RedisClient | Finding[]> {
    const { connect_timeout, reply_timeout } = this.#settings;
    try {
      return await RedisClient.connect({
        address: this.#address,
        clock: this.#clock,
        tls,
        connectMs: connect_timeout,
        replyMs: reply_timeout,
      }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FactUnavailableError) throw error;
      const down = this.#connectivity(messageOf(error));
      // Who refuses connections does not hang. Whether one does that cannot be reached is not known.
      return isTimeout(error) ? [down] : [down, this.#hung(undefined)];
    }
  }

  /** Everything that takes a reply. @throws `TimeoutError` where one does not come. */
  async #converse(
    client: RedisClient,
    { findings }: Conversation,
    credentials: Credentials,
    tls: TlsSettings,
    signal: AbortSignal,
  ): Promise<void> {
    const settings = this.#settings;
    const target = this.#target;
    const ping = await this.#ping(client, credentials, signal);
    findings.push(this.#connectivity(ping.problem));
    if (ping.problem !== undefined) return;
    const { warn_ge, critical_ge } = settings.response_time;
    if (warn_ge > 0 || critical_ge > 0) {
      const subject = `reply of Redis ${target} took`;
      findings.push(rateFigure({
        check: "redis::response_time",
        target,
        subject,
        value: ping.ms,
        show: (ms) => `${Number(ms.toFixed(1))} ms`,
      }, settings.response_time));
    }
    let info: RedisInfo;
    try {
      info = parseRedisInfo(await client.text(["INFO"], signal));
    } catch (error) {
      if (!(error instanceof RedisReplyError)) throw error;
      findings.push(this.#info(error.message));
      return;
    }
    findings.push(this.#info(undefined));
    findings.push(...infoFindings(target, info, settings));
    findings.push(...await this.#counters.findings(client, { target, info, settings }, signal));
    const connection = {
      clock: this.#clock,
      tls,
      connectMs: settings.connect_timeout,
      replyMs: settings.reply_timeout,
      ...credentials,
    };
    findings.push(...await replicationLag(client, { target, info, settings, connection }, signal));
    findings.push(...await clusterFindings(client, { target, info, settings }, signal));
  }

  async #ping(client: RedisClient, credentials: Credentials, signal: AbortSignal) {
    try {
      await client.authenticate(credentials, signal);
      const startMs = this.#clock.monotonicMs();
      const reply = await client.text(["PING"], signal);
      const ms = this.#clock.monotonicMs() - startMs;
      return { ms, problem: reply === "PONG" ? undefined : "it answers PING with something else" };
    } catch (error) {
      signal.throwIfAborted();
      // Who may not PING was heard all the same.
      if (error instanceof RedisReplyError && error.code === "NOPERM") return { ms: 0, problem: undefined };
      if (isTimeout(error)) throw error;
      return { ms: 0, problem: messageOf(error) };
    }
  }

  #connectivity(problem: string | undefined): Finding {
    return rateState({
      check: "redis::connectivity",
      target: this.#target,
      ok: problem === undefined,
      description: problem === undefined
        ? `Redis ${this.#target} answers`
        : `Redis ${this.#target} cannot be used: ${problem}`,
      current: problem === undefined ? "answers" : "does not serve",
      expected: "must accept a connection and serve",
    });
  }

  #hung(problem: string | undefined): Finding {
    return rateState({
      check: "redis::hung",
      target: this.#target,
      ok: problem === undefined,
      description: problem === undefined
        ? `Redis ${this.#target} does not hang`
        : `Redis ${this.#target} hangs: it accepts connections, but there was ${problem}`,
      current: problem === undefined ? "does not hang" : "no reply",
      expected: `must reply within ${this.#settings.reply_timeout} ms`,
    });
  }

  #info(problem: string | undefined): Finding {
    return rateState({
      check: "redis::info",
      target: this.#target,
      ok: problem === undefined,
      severity: "Warning",
      description: problem === undefined
        ? `Redis ${this.#target} tells its figures`
        : `Redis ${this.#target} does not tell its figures: ${problem}; allow its user INFO`,
      current: problem === undefined ? "readable" : "refused",
      expected: "INFO must be allowed",
    });
  }

  async #credentials(): Promise<Credentials> {
    const { username, password, password_file } = this.#settings;
    if (password_file === undefined) return { username, password };
    return { username, password: (await readGrantedFile(password_file)).trim() };
  }

  async #tls(): Promise<TlsSettings> {
    const { tls, ca_file } = this.#settings;
    if (!tls) return undefined;
    return { caCerts: ca_file === undefined ? [] : [await readGrantedFile(ca_file)] };
  }
}

type Credentials = { username: string | undefined; password: string | undefined };
type TlsSettings = { caCerts: string[] } | undefined;

function isTimeout(error: unknown): error is DOMException {
  return error instanceof DOMException && error.name === "TimeoutError";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
