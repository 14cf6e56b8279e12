/** What Redis tells about itself in text: `INFO`, `CLUSTER INFO`, `CLUSTER NODES`, `CLIENT LIST`. Pure; never throws. */

/** Fields by name. */
export type RedisInfo = ReadonlyMap<string, string>;

/** The fields of `INFO` or `CLUSTER INFO`, by name. Lines that are no field are skipped. */
export function parseRedisInfo(text: string): RedisInfo {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^([A-Za-z0-9_.-]+):(.*?)\r?$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, value);
  }
  return fields;
}

/** A field that is a number; undefined where it is missing or something else. */
export function infoNumber(fields: RedisInfo, name: string): number | undefined {
  const text = fields.get(name);
  return text !== undefined && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** What stands in a `key=value,key=value` field. */
export function infoPairs(text: string): RedisInfo {
  const pairs = new Map<string, string>();
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    if (at > 0) pairs.set(part.slice(0, at), part.slice(at + 1));
  }
  return pairs;
}

/** A replica as its master lists it. */
export interface RedisReplica {
  readonly address: string;
  readonly state: string;
  /** How far it has acknowledged, in bytes of the replication stream. */
  readonly offset?: number;
  /** Since its last acknowledgement, in seconds. */
  readonly lagSec?: number;
}

/** The replicas in `INFO replication` of a master. */
export function parseReplicas(fields: RedisInfo): RedisReplica[] {
  const replicas: RedisReplica[] = [];
  for (const [name, value] of fields) {
    if (!/^slave\d+$/.test(name)) continue;
    const pairs = infoPairs(value);
    const host = pairs.get("ip") ?? "";
    const port = pairs.get("port") ?? "";
    if (host === "" || port === "") continue;
    const offset = infoNumber(pairs, "offset");
    const lagSec = infoNumber(pairs, "lag");
    replicas.push({
      address: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
      state: pairs.get("state") ?? "unknown",
      ...(offset !== undefined && { offset }),
      ...(lagSec !== undefined && { lagSec }),
    });
  }
  return replicas;
}

/** A node as `CLUSTER NODES` lists it. */
export interface RedisClusterNode {
  readonly id: string;
  /** `host:port`; empty where the node's address is not known. */
  readonly address: string;
  readonly flags: readonly string[];
  /** The master's id, of a replica. */
  readonly masterId?: string;
  /** Whether this node hears from it. */
  readonly linked: boolean;
  /** How many slots it serves. */
  readonly slots: number;
}

/** The nodes in `CLUSTER NODES`. */
export function parseClusterNodes(text: string): RedisClusterNode[] {
  const nodes: RedisClusterNode[] = [];
  for (const line of text.split("\n")) {
    const words = line.trim().split(/ +/);
    const [id = "", address = "", flags = "", master = "-", , , , link = ""] = words;
    if (words.length < 8 || !/^[0-9a-f]{8,64}$/i.test(id)) continue;
    // host:port@busport[,hostname]
    const [place = ""] = address.split("@");
    nodes.push({
      id,
      address: /^:\d*$/.test(place) ? "" : bracketed(place),
      flags: flags.split(",").filter((flag) => flag !== "" && flag !== "noflags"),
      ...(master !== "-" && { masterId: master }),
      linked: link === "connected",
      slots: words.slice(8).reduce((sum, range) => sum + slotsIn(range), 0),
    });
  }
  return nodes;
}

/** `::1:7000` is how a cluster writes an IPv6 address with its port. */
function bracketed(place: string): string {
  const at = place.lastIndexOf(":");
  const host = place.slice(0, at);
  return host.includes(":") && !host.startsWith("[") ? `[${host}]${place.slice(at)}` : place;
}

/** `0-5460`, `7000`; one in migration, `[93->-id]`, is counted where it lies. */
function slotsIn(range: string): number {
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range) ?? [];
  if (from === undefined) return 0;
  return to === undefined ? 1 : Math.max(0, Number(to) - Number(from) + 1);
}

/** A client as `CLIENT LIST` lists it: its fields by name. */
export function parseClientList(text: string): Readonly<Record<string, string>>[] {
  return text.split("\n").flatMap((line) => {
    const pairs = line.trim().split(" ").flatMap((part): [string, string][] => {
      const at = part.indexOf("=");
      return at > 0 ? [[part.slice(0, at), part.slice(at + 1)]] : [];
    });
    return pairs.some(([name]) => name === "id") ? [Object.fromEntries(pairs)] : [];
  });
}
