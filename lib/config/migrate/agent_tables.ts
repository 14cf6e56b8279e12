/** From catpaw's `config.toml` to our tables about the agent itself. */
import { readServerAddress } from "../address.ts";
import type { OurSettings } from "./rule.ts";
import { isTable, referring, type SourceTable, textsByName } from "./source_table.ts";

/** Our top-level tables but `check`, by name; undefined values are left out. */
export function agentTables(source: SourceTable): Readonly<Record<string, OurSettings>> {
  const tables = {
    labels: labels(source.table("global")),
    server: server(source.table("server")),
    log: log(source.table("log")),
    notify: destinations(source),
  };
  const ai = source.table("ai");
  if (ai !== undefined) ai.dropAll("no model is asked: the playbook diagnoses without one");
  source.finish();
  return tables;
}

/** What catpaw filled in, and what ours does by itself. */
function labels(global: SourceTable | undefined): OurSettings {
  const table = global?.take("labels");
  if (global === undefined || !isTable(table)) return {};
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(textsByName(table, referring))) {
    if (key === "from_agent") {
      global.change("from_agent is the agent's id now, and set by itself", "labels");
    } else if (/^\$\{?(?:hostname|ip)\}?$/i.test(value)) {
      global.change(`${key} is left out: name and address are told when the agent registers`, "labels");
    } else kept[key] = value;
  }
  return kept;
}

function server(source: SourceTable | undefined): OurSettings {
  if (source === undefined) return {};
  if (source.take("enabled") === false) {
    source.dropAll("it is not enabled, but pawl needs a control server: name one in [server] address");
    return {};
  }
  const address = source.reference("address") ?? source.reference("url");
  if (source.flag("tls_skip_verify")) {
    source.drop("tls_skip_verify", "certificates are always checked; name the authority in ca_file");
  }
  const token = source.reference("agent_token");
  if (token !== undefined && !token.startsWith("${")) {
    source.change("a secret in the file: keep it to its owner, or use token_file", "agent_token");
  }
  const size = source.number("alert_buffer_size");
  return {
    address: address === undefined ? undefined : dialled(address, source),
    token,
    ca_file: source.text("ca_file"),
    alert_buffer_size: size !== undefined && size > 0 ? size : undefined,
  };
}

/** Without a scheme theirs speaks in the clear, and ours does not. */
function dialled(address: string, source: SourceTable): string | undefined {
  const key = source.has("address") ? "address" : "url";
  if (address.startsWith("${")) {
    source.change("where the variable has no scheme, wss is spoken instead of ws", key);
    return address;
  }
  const trimmed = address.trim().replace(/\/+$/, "").replace(/^(\w+:\/\/[^/]+)\/.*$/, "$1");
  const isBare = !trimmed.includes("://");
  const written = isBare ? `ws://${trimmed}` : trimmed;
  if (isBare || /^(ws|http):/.test(written)) source.change("spoken in the clear, as before; use wss", key);
  const reading = readServerAddress(written);
  if ("url" in reading) return written;
  source.drop(key, reading.problem);
  return undefined;
}

const LEVELS: ReadonlyMap<string, string> = new Map([["warn", "warning"], ["fatal", "error"], [
  "panic",
  "error",
]]);
const FORMATS: ReadonlyMap<string, string> = new Map([["json", "json"], ["console", "pretty"], [
  "text",
  "pretty",
]]);

function log(source: SourceTable | undefined): OurSettings {
  if (source === undefined) return {};
  const level = source.text("level")?.toLowerCase();
  const format = source.text("format")?.toLowerCase();
  for (const key of ["output", "filename"]) {
    if (source.has(key)) source.drop(key, "logs go to stderr: let the service manager keep them");
  }
  return {
    level: level === undefined ? undefined : LEVELS.get(level) ?? level,
    format: format === undefined ? undefined : FORMATS.get(format),
  };
}

function destinations(source: SourceTable): OurSettings {
  const notify = source.table("notify");
  const flashduty = notify?.table("flashduty") ?? source.table("flashduty");
  flashduty?.dropAll("no destination speaks its form; send to a webhook that translates");
  const [console, webapi, pagerduty] = ["console", "webapi", "pagerduty"].map((key) => notify?.table(key));
  // Each is on by being there.
  const isOn = (table: SourceTable | undefined) => table !== undefined && table.take("enabled") !== false;
  const headers = textsByName(webapi?.take("headers"), referring);
  for (const table of [webapi, pagerduty]) {
    for (const key of ["timeout", "max_retries"]) {
      if (table?.has(key)) table.drop(key, "an attempt has 10 s, and is made until it succeeds");
    }
  }
  return {
    console: isOn(console) ? { type: "console" } : undefined,
    webapi: isOn(webapi) && webapi?.has("url")
      ? {
        type: "webhook",
        url: webapi.reference("url"),
        method: webapi.text("method")?.toUpperCase(),
        headers: Object.keys(headers).length > 0 ? headers : undefined,
      }
      : undefined,
    pagerduty: isOn(pagerduty) && pagerduty?.has("routing_key")
      ? {
        type: "pagerduty",
        routing_key: pagerduty.reference("routing_key"),
        url: pagerduty.reference("base_url"),
      }
      : undefined,
  };
}
