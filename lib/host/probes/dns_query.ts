/** Asking name servers. */
import { askResponseCode } from "./dns_response_code.ts";
import { FactUnavailableError } from "../host_facts.ts";
import { hostPort } from "./endpoint.ts";
import { isNetGranted, unavailableIfDenied } from "./net_grant.ts";
import { type ProbeOptions, withinDeadline } from "./probe_deadline.ts";

/** The kinds of record that can be asked for. */
export const RECORD_TYPES = ["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT", "CAA"] as const;

/** One of {@linkcode RECORD_TYPES}. */
export type RecordType = typeof RECORD_TYPES[number];

/** A server that answers names. */
export interface NameServer {
  /** An address. */
  readonly host: string;
  readonly port: number;
}

/** Options of {@linkcode queryName}. */
export interface DnsQueryOptions extends ProbeOptions {
  name: string;
  /** @default "A" */
  type?: RecordType;
  /** @default the system's resolvers */
  server?: NameServer | undefined;
}

/** What a query came to. */
export interface DnsAnswer {
  /** One text for each record: `10 mail.example.org`, sorted. */
  readonly records: readonly string[];
  /**
   * Where there is no record: whether the name exists. `unknown` where the server did not tell, or the system's
   * resolvers were asked: they may have failed as well.
   */
  readonly missing?: "record" | "name" | "unknown";
  readonly totalMs: number;
}

/**
 * Asks once for a name's records.
 *
 * @throws FactUnavailableError where the sandbox does not let the resolver be reached; `TimeoutError` at the deadline;
 * Error when the server refuses or fails.
 */
export function queryName(options: DnsQueryOptions): Promise<DnsAnswer> {
  const { name, type = "A", server, clock } = options;
  return withinDeadline(options, async (signal) => {
    if (server !== undefined) requireServer(server);
    const startMs = clock.monotonicMs();
    const records = await ask(name, type, server, signal);
    const totalMs = clock.monotonicMs() - startMs;
    if (records.length > 0) return { records: records.sort(), totalMs };
    if (server === undefined) return { records, totalMs, missing: "unknown" };
    // Its own deadline: no second answer may spoil the first.
    const code = await withinDeadline(
      { clock, signal, timeoutMs: CODE_TIMEOUT_MS },
      (deadline) => askResponseCode({ name, type, server, signal: deadline }),
    ).catch(() => undefined);
    if (code === "failed") throw new Error("the name server failed (SERVFAIL)");
    if (code === "refused") throw new Error("the name server refuses to answer (REFUSED)");
    return { records, totalMs, missing: MISSING[code ?? "malformed"] };
  });
}

const CODE_TIMEOUT_MS = 1000;

const MISSING = { no_record: "record", no_name: "name", malformed: "unknown" } as const;

/** What it means that there is no record, in words. */
export function missingText({ missing = "unknown" }: DnsAnswer, type: RecordType): string {
  if (missing === "name") return "the name does not exist";
  return missing === "record"
    ? `it has no ${type} record`
    : `no ${type} record came; the server may have failed`;
}

function requireServer({ host, port }: NameServer): void {
  const address = hostPort(host, port);
  if (isNetGranted(address)) return;
  throw new FactUnavailableError(
    `cannot ask the name server ${address}: the sandbox does not allow it; grant --allow-net=${address}`,
  );
}

async function ask(
  name: string,
  type: RecordType,
  server: NameServer | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  // Absolute: a search list would turn one question into several.
  const absolute = name.endsWith(".") ? name : `${name}.`;
  const nameServer = server && { ipAddr: server.host, port: server.port };
  try {
    const found = await Deno.resolveDns(absolute, type as "A", { signal, ...(nameServer && { nameServer }) });
    return (found as unknown[]).map(recordText);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Deno.errors.NotFound) return [];
    throw unavailableIfDenied(error);
  }
}

function recordText(record: unknown): string {
  if (Array.isArray(record)) return record.join("");
  if (typeof record !== "object" || record === null) return String(record);
  const fields = record as Record<string, unknown>;
  if ("exchange" in fields) return `${fields["preference"]} ${fields["exchange"]}`;
  if ("target" in fields) return ["priority", "weight", "port", "target"].map((key) => fields[key]).join(" ");
  if ("mname" in fields) {
    return ["mname", "rname", "serial", "refresh", "retry", "expire", "minimum"].map((key) => fields[key])
      .join(" ");
  }
  if ("tag" in fields) return `${fields["critical"] ? 128 : 0} ${fields["tag"]} ${fields["value"]}`;
  return JSON.stringify(record);
}
