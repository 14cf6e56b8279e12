/** How checks of what runs on the host, and of what it reaches, are moved. */
import { basename } from "node:path";
import { durationText, sizeText } from "./amounts.ts";
import { commandWords } from "./command_words.ts";
import { ourLinePattern } from "./line_patterns.ts";
import { durations, none, type OurSettings, type Rule, thresholds } from "./rule.ts";
import { escaped, type SourceTable, textsByName } from "./source_table.ts";

const dns: Rule = (source) => {
  const names = source.texts("targets");
  const servers = source.texts("servers");
  const expected = source.texts("expected_ips");
  if (servers.length > 1) source.change("each is asked every time, not one after the other", "servers");
  if (expected.length > 0) source.change("an address that is not among them is an alert", "expected_ips");
  return names.length === 0 ? [] : [{
    names,
    servers,
    expected_ips: expected,
    query_timeout: source.duration("timeout"),
    severity: source.table("resolution")?.text("severity"),
    response_time: durations(source.table("response_time")),
  }];
};

const net: Rule = (source) => {
  const protocol = source.text("protocol") ?? "tcp";
  const targets = source.texts("targets").map((target) => {
    if (target.startsWith(":")) source.change("a target without a host is 127.0.0.1", "targets");
    return `${protocol}://${target.startsWith(":") ? "127.0.0.1" : ""}${target}`;
  });
  return targets.length === 0 ? [] : [{
    targets,
    send: source.text("send"),
    expect: source.text("expect"),
    connect_timeout: source.duration("timeout") ?? "1s",
    read_timeout: source.duration("read_timeout") ?? "1s",
    severity: source.table("connectivity")?.text("severity"),
    response_time: durations(source.table("response_time")),
  }];
};

const http: Rule = (source) => {
  const urls = source.texts("targets");
  if (urls.length === 0) return [];
  const list = source.texts("headers");
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < list.length; at += 2) headers[list[at] ?? ""] = list[at + 1] ?? "";
  const [user, password] = [source.take("basic_auth_user"), source.take("basic_auth_pass")];
  if (typeof user === "string" && user !== "") {
    source.change("now a header Authorization, which is a secret as much as the password", "basic_auth_user");
    headers["Authorization"] = `Basic ${
      new TextEncoder().encode(`${user}:${typeof password === "string" ? password : ""}`).toBase64()
    }`;
  }
  const status = source.table("status_code");
  const body = source.table("response_body");
  const cert = source.table("cert_expiry");
  const expectStatus = [...status?.texts("expect") ?? [], ...source.texts("expect_response_status_code")];
  const regex = body?.text("expect_regex") ?? source.text("expect_response_regular_expression");
  const contained = body?.text("expect_substring") ?? source.text("expect_response_substring");
  const follows = source.flag("follow_redirects");
  const severity = source.table("connectivity")?.text("severity");
  for (const part of [status, body]) {
    const own = part?.text("severity");
    if (own !== undefined && own !== (severity ?? "Critical")) {
      part?.change("there is one severity, that of connectivity", "severity");
    }
  }
  if (follows) source.change("five redirects are followed, to hosts that are granted", "follow_redirects");
  return [{
    urls,
    method: source.text("method")?.toUpperCase(),
    headers,
    body: source.text("payload"),
    expect_status: expectStatus.length > 0 ? expectStatus : undefined,
    expect_body: [
      ...contained === undefined ? [] : [contained],
      ...regex === undefined ? [] : [`/${regex}/`],
    ],
    request_timeout: source.duration("timeout"),
    max_redirects: follows ? 5 : undefined,
    ca_file: source.text("tls_ca"),
    insecure: source.flag("insecure_skip_verify") || undefined,
    severity,
    response_time: durations(source.table("response_time")),
    ...(cert && {
      cert_expiry: {
        warn_within: cert.duration("warn_within") ?? "72h",
        critical_within: cert.duration("critical_within") ?? "24h",
      },
    }),
  }];
};

/** A table of ours has one pair of thresholds and one name to ask for. */
const cert: Rule = (source) => {
  const within = (table: SourceTable | undefined): OurSettings => ({
    warn_within: table?.duration("warn_within") ?? "720h",
    critical_within: table?.duration("critical_within") ?? "168h",
  });
  const remotes = Map.groupBy(
    source.texts("remote_targets").map((target) => {
      const [server = "", sni] = target.split("@");
      return { server, sni };
    }),
    ({ sni }) => sni,
  );
  const files = source.texts("file_targets");
  const byDefault = source.text("server_name");
  const starttls = source.text("starttls");
  const timeout = source.duration("timeout");
  const ofRemotes = within(source.table("remote_expiry"));
  const ofFiles = within(source.table("file_expiry"));
  const maxFiles = source.number("max_file_targets");
  return [
    ...[...remotes].map(([sni, targets]) => ({
      remotes: targets.map(({ server }) => server),
      sni: sni ?? byDefault,
      starttls,
      timeout,
      ...ofRemotes,
    })),
    ...files.length === 0 ? [] : [{ files, max_files: maxFiles, ...ofFiles }],
  ];
};

const filecheck: Rule = (source) => {
  const paths = source.texts("targets");
  if (paths.length === 0) return [];
  const existence = source.table("existence")?.text("severity");
  const mtime = source.table("mtime");
  const checksum = source.table("checksum");
  const [mtimeSeverity, mode] = [mtime?.text("severity"), mtime?.text("mode") ?? "changed"];
  const span = mtime?.duration("time_span");
  if (mtimeSeverity !== undefined && mode === "changed") {
    mtime?.change("a change is noticed whenever it was; it stays an alert for hold", "time_span");
  }
  const checksumSeverity = checksum?.text("severity");
  const maxBytes = checksum?.bytes("max_file_size");
  return [{
    paths: paths.map((path) => path.endsWith("/") ? `${path}**` : path),
    existence: existence === undefined ? { expect: "any" } : { expect: "present", severity: existence },
    mtime: mtimeSeverity === undefined
      ? undefined
      : mode === "stale"
      ? { mode, max_age: span ?? "3m", severity: mtimeSeverity }
      : { mode: "changed", severity: mtimeSeverity },
    checksum: checksumSeverity === undefined ? undefined : { enabled: true, severity: checksumSeverity },
    max_file_size: maxBytes === undefined ? undefined : sizeText(maxBytes),
  }];
};

const ENCODINGS: ReadonlyMap<string, string> = new Map([["gb18030", "gbk"], ["utf8", "utf-8"]]);

const logfile: Rule = (source) => {
  const paths = source.texts("targets");
  if (paths.length === 0) return [];
  const encoding = source.text("encoding")?.toLowerCase();
  const [before, after] = [source.number("context_before") ?? 0, source.number("context_after") ?? 0];
  if (before !== after) source.change("as many lines are shown before as after", "context_before");
  const maxRead = source.bytes("max_read_bytes");
  return [{
    paths,
    include: source.texts("filter_include").map(ourLinePattern),
    exclude: source.texts("filter_exclude").map(ourLinePattern),
    severity: source.table("match")?.text("severity"),
    initial: source.text("initial_position") === "beginning" ? "start" : undefined,
    encoding: encoding === undefined ? undefined : ENCODINGS.get(encoding) ?? encoding,
    context: Math.max(before, after) || undefined,
    max_lines: source.number("max_lines"),
    max_targets: source.number("max_targets"),
    max_read: maxRead === undefined ? undefined : sizeText(maxRead),
    timeout: source.duration("gather_timeout"),
  }];
};

const exec: Rule = (source) => {
  const mode = source.text("mode");
  const limitMs = source.durationMs("timeout") ?? 10_000;
  const env = source.take("env_vars");
  const used = new Map<string, number>();
  return source.texts("commands").flatMap((command): OurSettings[] => {
    const words = commandWords(command);
    if (typeof words === "string") {
      source.change(`a command is left out: ${words}`, "commands");
      return [];
    }
    const [program = "", ...args] = words;
    const plainName = basename(program).replace(/\.[a-z]+$/i, "").replaceAll(/[^A-Za-z0-9_.-]/g, "_");
    const count = (used.get(plainName) ?? 0) + 1;
    used.set(plainName, count);
    return [{
      name: count === 1 ? plainName : `${plainName}_${count}`,
      program,
      args,
      mode,
      time_limit: durationText(limitMs),
      timeout: durationText(limitMs + 5000),
      env: textsByName(env, escaped),
    }];
  });
};

const systemd: Rule = (source) => {
  const units = source.texts("units");
  return units.length === 0 ? [] : [{
    units,
    expected_active_state: source.text("expected_active_state"),
    severity: source.table("state")?.text("severity"),
    all_failed: false,
    timeout: source.duration("timeout"),
  }];
};

const docker: Rule = (source) => {
  const containers = source.texts("targets");
  if (containers.length === 0) return [];
  const restart = source.table("restart_detected");
  return [{
    socket: source.text("socket"),
    containers,
    max_containers: source.number("max_containers"),
    answer_timeout: source.duration("timeout"),
    restart: { window: restart?.duration("window") ?? "10m", ...thresholds(restart) },
    cpu_usage: thresholds(source.table("cpu_usage")),
    memory_usage: thresholds(source.table("memory_usage")),
  }];
};

/** By the name of the plugin. */
export const SERVICE_RULES: Readonly<Record<string, Rule>> = {
  dns,
  net,
  http,
  cert,
  filecheck,
  logfile,
  exec,
  systemd,
  docker,
  ntp: none("asks time servers itself: add [[check.ntp]] with servers"),
  ping: none("ICMP is not in reach of a sandbox: watch a port with [[check.net]]"),
  redis_sentinel: none("there is no check of Sentinel; its tools are there"),
  journaltail: none("the journal is not read: log to a file and use [[check.logfile]]"),
  scriptfilter: none("use [[check.exec]], whose program finds for itself what is wrong"),
};
