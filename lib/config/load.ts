/** From flags, file and environment to a {@linkcode Config}. */
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { isLoopback } from "./address.ts";
import { ConfigError } from "./config_error.ts";
import { checkToken, isOpenToOthers, readCertificates, readTokenFile } from "./credentials.ts";
import { type Environment, refersToEnv } from "./env_references.ts";
import { isReachable } from "./listen.ts";
import { loadDestinations } from "./notify.ts";
import { expectation } from "./problem.ts";
import { type Config, fileSchema, type FileSettings, logFields, serverFields } from "./schema.ts";
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
  const settings = source ? readSettings(source, env) : fileSchema.parse({});
  const url = flags.server === undefined
    ? settings.server.address
    : fromFlag("--server", serverFields.address, flags.server);
  const base = source ? dirname(source.path) : cwd;
  const token = await findToken({ flags, cwd, settings, base, source, warnings });
  if (token !== undefined && url?.protocol === "ws:" && !isLoopback(url)) {
    warnings.push(`server.address: the token goes to ${url.host} unencrypted; use wss`);
  }
  const local = await findLocal({ settings, base, source, warnings });
  const destinations = await loadDestinations(settings.notify, source);
  warnings.push(...destinations.warnings, ...oddThresholds(settings));
  const secrets = [token, local.token, ...destinations.secrets].filter((secret) => secret !== undefined);
  return {
    file: source?.path,
    warnings,
    secrets: [...new Set(secrets)],
    stateDir: settings.state_dir === undefined ? undefined : resolve(base, settings.state_dir),
    labels: settings.labels,
    server: {
      url,
      token,
      caCerts: await findCertificates({ flags, cwd, settings, base, source }),
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
        : fromFlag("--log-level", logFields.level, flags.logLevel),
      format: flags.logFormat === undefined
        ? settings.log.format ?? (stderrIsTerminal ? "pretty" : "json")
        : fromFlag("--log-format", logFields.format, flags.logFormat),
    },
    checks: {
      cpu: settings.check.cpu.map(checkConfig),
      mem: settings.check.mem.map(checkConfig),
      load: settings.check.load.map(checkConfig),
      disk: settings.check.disk.map((disk) => ({ ...checkConfig(disk), mountPoints: disk.mount_points })),
    },
    remote: {
      maxSessions: settings.remote.max_sessions,
      chatIdleTimeoutMs: settings.remote.chat_idle_timeout,
    },
  };
}

function fromFlag<Schema extends z.ZodType>(flag: string, schema: Schema, value: string): z.output<Schema> {
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

async function findToken(sources: Sources & { warnings: string[] }): Promise<string | undefined> {
  const { flags, cwd, settings, base, source, warnings } = sources;
  const fromFile = settings.server.token_file;
  if (flags.tokenFile !== undefined || fromFile !== undefined && source) {
    const file = flags.tokenFile === undefined
      ? { path: resolve(base, fromFile ?? ""), setting: settingName(source, ["server", "token_file"]) }
      : {
        path: resolve(cwd, fromFlag("--token-file", serverFields.token_file, flags.tokenFile)),
        setting: "--token-file",
      };
    const read = await readTokenFile(file.path, file.setting);
    warnings.push(...read.warnings);
    return read.token;
  }
  if (settings.server.token === undefined || !source) return undefined;
  const written = valueAt(source.raw, ["server", "token"]);
  if (typeof written === "string" && !refersToEnv(written) && await isOpenToOthers(source.path)) {
    warnings.push(`server.token: every user of this host can read ${source.path}; use server.token_file`);
  }
  return checkToken(settings.server.token, settingName(source, ["server", "token"]));
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

async function findCertificates({ flags, cwd, settings, base, source }: Sources): Promise<string[]> {
  if (flags.caFile !== undefined) {
    const path = fromFlag("--ca-file", serverFields.ca_file, flags.caFile);
    return await readCertificates(resolve(cwd, path), "--ca-file");
  }
  const path = settings.server.ca_file;
  if (path === undefined) return [];
  return await readCertificates(resolve(base, path), settingName(source, ["server", "ca_file"]));
}

function oddThresholds(settings: FileSettings): string[] {
  return Object.entries(settings.check).flatMap(([name, instances]) =>
    instances.filter((check) => check.critical_ge > 0 && check.warn_ge > check.critical_ge).map((check) =>
      `check.${name}: warn_ge ${check.warn_ge} is above critical_ge ${check.critical_ge}: it will never show`
    )
  );
}

function checkConfig(check: { interval: number; warn_ge: number; critical_ge: number }) {
  return { intervalMs: check.interval, warnGe: check.warn_ge, criticalGe: check.critical_ge };
}
