/** From flags, file and environment to a {@linkcode Config}. */
import { dirname, resolve } from "node:path";
import type * as z from "zod/mini";
import { definitionsOf } from "../checks/default_checks.ts";
import { isLoopback } from "./address.ts";
import { checkEntries } from "./check_entries.ts";
import type { Config, ConfigFile } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { checkToken, isOpenToOthers, readTokenFile } from "./credentials.ts";
import { defaultSettings } from "./default_settings.ts";
import { type Environment, refersToEnv, variablesIn } from "./env_references.ts";
import { expectation } from "./expectation.ts";
import { isReachable } from "./listen.ts";
import { loadDestinations } from "./notify.ts";
import { checkProxied } from "./proxy.ts";
import { type FileSettings, logFields } from "./schema.ts";
import { type CredentialFiles, readCredentials } from "./server_credentials.ts";
import { serverFields } from "./server_schema.ts";
import { findSource, readSettings, settingName, type SourceFile } from "./source.ts";
import { valueAt } from "./toml.ts";

/** What the command line may say; each wins over the file. Relative paths start at `cwd`. */
export interface ConfigFlags {
  server?: string | undefined;
  tokenFile?: string | undefined;
  caFile?: string | undefined;
  logLevel?: string | undefined;
  logFormat?: string | undefined;
}

/** Options of {@linkcode loadConfig}. */
export interface LoadConfigOptions {
  /** `--config`: this file and no other; it must exist. */
  path?: string | undefined;
  flags?: ConfigFlags;
  /** Where `${NAME}` is looked up: `Deno.env`. */
  env: Environment;
  /** The working folder, absolute. */
  cwd: string;
  /**
   * What is read when neither `path` is given nor `./pawl.toml` exists.
   * @default "/etc/pawl/pawl.toml"
   */
  systemPath?: string;
  /** Whether people read the log: the default of `log.format`. */
  stderrIsTerminal: boolean;
}

/**
 * Reads and checks the whole configuration. May be called at any time, any number of times; changes nothing.
 *
 * @throws ConfigError for the first thing that is wrong, in one line.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<Config> {
  const { path, flags = {}, env, cwd, systemPath = "/etc/pawl/pawl.toml", stderrIsTerminal } = options;
  const warnings: string[] = [];
  const source = await findSource(path, cwd, systemPath, warnings);
  const settings = source ? await readSettings(source, env) : defaultSettings();
  const urls = addressesOf(settings, flags);
  const base = source ? dirname(source.path) : cwd;
  const credentialFiles = credentialFilesOf({ flags, cwd, settings, base, source });
  const fixedToken = credentialFiles.token ? undefined : await findToken(settings, source, warnings);
  const credentials = await readCredentials(credentialFiles, fixedToken, warnings);
  const { token } = credentials;
  for (const url of urls) {
    if (token === undefined || url.protocol !== "ws:" || isLoopback(url)) continue;
    warnings.push(`server.address: the token goes to ${url.host} unencrypted; use wss`);
  }
  const { proxy } = settings.server;
  if (proxy !== undefined) await checkProxy({ urls, proxy, source, warnings });
  const local = await findLocal({ settings, base, source, warnings });
  const destinations = await loadDestinations(settings.notify, source);
  warnings.push(...destinations.warnings, ...oddThresholds(settings));
  const checks = checkEntries(settings.check);
  const definitionOf = await definitionsOf(checks.map(({ plugin }) => plugin));
  const ofChecks = checks.flatMap(({ plugin, settings }) => definitionOf(plugin).secrets?.(settings) ?? []);
  const secrets = [token, proxy?.password, local.token, ...destinations.secrets, ...ofChecks]
    .filter((secret) => secret !== undefined);
  return {
    file: source?.path,
    files: filesOf({ flags, cwd, settings, base, source }),
    variables: source ? variablesIn(source.raw) : [],
    warnings,
    secrets: [...new Set(secrets)],
    stateDir: settings.state_dir === undefined ? undefined : resolve(base, settings.state_dir),
    labels: settings.labels,
    server: {
      url: urls[0],
      urls,
      ...credentials,
      credentialFiles,
      proxy,
      alertBufferSize: settings.server.alert_buffer_size,
    },
    queue: {
      maxEvents: settings.queue.max_events,
      maxBytes: settings.queue.max_bytes,
      maxAgeMs: settings.queue.max_age,
    },
    local,
    notify: destinations.notify,
    log: {
      level: flags.logLevel === undefined
        ? settings.log.level
        : fromFlag("--log-level", logFields.level(), flags.logLevel),
      format: flags.logFormat === undefined
        ? settings.log.format ?? (stderrIsTerminal ? "pretty" : "json")
        : fromFlag("--log-format", logFields.format(), flags.logFormat),
    },
    checks,
    host: { procfs: settings.host.procfs, sysfs: settings.host.sysfs },
    remote: {
      maxSessions: settings.remote.max_sessions,
      chatIdleTimeoutMs: settings.remote.chat_idle_timeout,
      tools: settings.remote.tools,
      logRoots: settings.remote.log_roots,
      logRootsAreNamed: valueAt(source?.raw, ["remote", "log_roots"]) !== undefined,
      allowRun: settings.remote.allow_run,
      trustedKeys: settings.remote.trusted_keys,
      policy: {
        sessions: settings.remote.sessions,
        users: settings.remote.users,
        maxTurns: settings.remote.max_turns,
        maxMs: settings.remote.max_minutes * 60_000,
        maxOutputBytes: settings.remote.max_output,
        maxToolRuns: settings.remote.max_tool_runs,
        maxSessionsPerHour: settings.remote.max_sessions_per_hour,
        maxToolRunsPerHour: settings.remote.max_tool_runs_per_hour,
      },
    },
    audit: { maxBytes: settings.audit.max_bytes, maxFiles: settings.audit.max_files },
  };
}

function fromFlag<Schema extends z.ZodMiniType>(
  flag: string,
  schema: Schema,
  value: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new ConfigError(`${flag} ${issue === undefined ? "is not valid" : expectation(issue)}`);
}

interface Sources {
  flags: ConfigFlags;
  cwd: string;
  settings: FileSettings;
  base: string;
  source: SourceFile | undefined;
}

/** The servers, none twice; a flag stands for all of them. */
function addressesOf({ server }: FileSettings, flags: ConfigFlags): URL[] {
  const written = flags.server === undefined
    ? [...server.address ? [server.address] : [], ...server.addresses]
    : [fromFlag("--server", serverFields.address(), flags.server)];
  return [...new Map(written.map((url) => [url.href, url])).values()];
}

function credentialFilesOf({ flags, cwd, settings, base, source }: Sources): CredentialFiles {
  const { server } = settings;
  const named = (key: "token_file" | "ca_file" | "cert_file" | "key_file", flag?: string) => {
    if (flag !== undefined) {
      const name = `--${key.replaceAll("_", "-")}`;
      return { path: resolve(cwd, fromFlag(name, serverFields.file(), flag)), setting: name };
    }
    const written = server[key];
    if (written === undefined) return undefined;
    return { path: resolve(base, written), setting: settingName(source, ["server", key]) };
  };
  return {
    token: named("token_file", flags.tokenFile),
    ca: named("ca_file", flags.caFile),
    cert: named("cert_file"),
    key: named("key_file"),
  };
}

/** The token that stands in the configuration itself. */
async function findToken(
  settings: FileSettings,
  source: SourceFile | undefined,
  warnings: string[],
): Promise<string | undefined> {
  if (settings.server.token === undefined || !source) return undefined;
  const written = valueAt(source.raw, ["server", "token"]);
  if (typeof written === "string" && !refersToEnv(written) && await isOpenToOthers(source.path)) {
    warnings.push(`server.token: every user of this host can read ${source.path}; use server.token_file`);
  }
  return checkToken(settings.server.token, settingName(source, ["server", "token"]));
}

async function checkProxy({ urls, proxy, source, warnings }: {
  urls: readonly URL[];
  proxy: NonNullable<Config["server"]["proxy"]>;
  source: SourceFile | undefined;
  warnings: string[];
}): Promise<void> {
  checkProxied(urls, settingName(source, ["server", "proxy"]));
  if (proxy.username !== undefined) {
    // Inside the tunnel, where the server alone can read it. No option of the runtime's turns that off.
    warnings.push(
      "server.proxy: the runtime shows the proxy's user and password to the server, too; " +
        "give this agent a user of its own, or let the proxy know it by its address",
    );
  }
  const written = source && valueAt(source.raw, ["server", "proxy"]);
  if (!proxy.password || typeof written !== "string" || refersToEnv(written)) return;
  if (source && await isOpenToOthers(source.path)) {
    warnings.push(
      `server.proxy: every user of this host can read ${source.path}; put the password into a variable`,
    );
  }
}

async function findLocal(
  { settings, base, source, warnings }: Omit<Sources, "flags" | "cwd"> & { warnings: string[] },
): Promise<Config["local"]> {
  const { listen, token_file: file, allow_remote: allowRemote } = settings.local;
  if (isReachable(listen)) {
    warnings.push(
      "local.listen: callers send their token unencrypted; let only a network that you trust reach it",
    );
  }
  if (file === undefined) return { listen, token: undefined, allowRemote };
  if (listen.kind !== "tcp") {
    warnings.push("local.token_file: nobody is asked for it without a TCP local.listen");
  }
  const read = await readTokenFile(resolve(base, file), settingName(source, ["local", "token_file"]));
  warnings.push(...read.warnings);
  return { listen, token: read.token, allowRemote };
}

/** What has been read besides the file itself, and with it. */
function filesOf({ flags, cwd, settings, base, source }: Sources): ConfigFile[] {
  const files: ConfigFile[] = source ? [{ path: source.path, setting: [] }] : [];
  const add = (flag: string | undefined, written: string | undefined, setting: readonly PropertyKey[]) => {
    if (flag !== undefined) files.push({ path: resolve(cwd, flag), setting: undefined });
    else if (written !== undefined) files.push({ path: resolve(base, written), setting });
  };
  add(flags.tokenFile, settings.server.token_file, ["server", "token_file"]);
  add(flags.caFile, settings.server.ca_file, ["server", "ca_file"]);
  add(undefined, settings.server.cert_file, ["server", "cert_file"]);
  add(undefined, settings.server.key_file, ["server", "key_file"]);
  add(undefined, settings.local.token_file, ["local", "token_file"]);
  for (const [name, destination] of Object.entries(settings.notify)) {
    if (destination.type !== "pagerduty") continue;
    add(undefined, destination.routing_key_file, ["notify", name, "routing_key_file"]);
  }
  return files;
}

/** Thresholds in the wrong order, at any depth of a check's options. */
function oddThresholds(settings: FileSettings): string[] {
  return Object.entries(settings.check).flatMap(([name, entries]) =>
    entries.flatMap((entry) =>
      [["", entry] as const, ...Object.entries(entry)].flatMap(([key, table]) => {
        if (typeof table !== "object" || table === null) return [];
        const { warn_ge: warn, critical_ge: critical } = table as Record<string, unknown>;
        if (typeof warn !== "number" || typeof critical !== "number" || critical === 0 || warn <= critical) {
          return [];
        }
        const where = key === "" ? `check.${name}` : `check.${name}.${key}`;
        return [`${where}: warn_ge ${warn} is above critical_ge ${critical}: it will never show`];
      })
    )
  );
}
