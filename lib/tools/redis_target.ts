/** Which Redis a tool may speak to: one that the configuration names, or one on this host. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { readGrantedFile } from "../host/probes/granted_file.ts";
import { RedisClient, type RedisCredentials } from "../host/probes/redis.ts";
import type { TlsOptions } from "../host/probes/byte_stream.ts";
import { addressText, isLoopback, parseServiceAddress } from "../host/probes/service_address.ts";
import type { ToolContext } from "./tool.ts";

/** A Redis or Sentinel that the configuration names. */
export interface RedisInstance extends RedisCredentials {
  /** `host:port` or `unix:///path`. */
  readonly target: string;
  /** Read at each use, and trimmed; takes the place of `password`. @default undefined */
  readonly passwordFile?: string | undefined;
  /** How to speak TLS. @default undefined: plain text */
  readonly tls?: TlsOptions | undefined;
  /** Authorities for {@linkcode tls} besides the system's, PEM; read at each use. @default undefined */
  readonly caFile?: string | undefined;
}

/** Options of the families `redis` and `sentinel`. */
export interface RedisToolsOptions {
  /** The first is what tools speak to when no target is given. @default [] */
  instances?: readonly RedisInstance[];
}

/** Where a Sentinel listens when nothing else is said. */
export const SENTINEL_PORT = 26_379;

/** Where a kind of server listens when nothing else is said. */
export interface RedisPlace {
  readonly defaultPort: number;
}

/** The argument `target`. */
export function targetArgument(fallback: string) {
  return about(
    z.optional(z.string().check(z.minLength(1), z.maxLength(300))),
    `A configured server, or host:port on this host; ${fallback} if left out.`,
  );
}

/** What stands in for a target that is left out: the first configured one of the kind. */
export function defaultTarget({ instances = [] }: RedisToolsOptions, { defaultPort }: RedisPlace): string {
  const fitting = instances.find(({ target }) => {
    const address = parseServiceAddress(target, defaultPort);
    // Only the port tells a Sentinel from a Redis where both are configured.
    const isSentinel = address?.transport === "tcp" && address.port === SENTINEL_PORT;
    return address !== undefined && isSentinel === (defaultPort === SENTINEL_PORT);
  });
  return fitting?.target ?? `127.0.0.1:${defaultPort}`;
}

/** The instance that `target` names, in whatever spelling; one on this host without credentials where none is configured. */
export function resolveInstance(
  target: string,
  { instances = [] }: RedisToolsOptions,
  { defaultPort }: RedisPlace,
): RedisInstance {
  const address = parseServiceAddress(target, defaultPort);
  if (address === undefined) {
    throw new TypeError("cannot ask Redis: the target is no address; write host:port or unix:///path");
  }
  const name = addressText(address);
  const configured = instances.find((instance) => {
    const known = parseServiceAddress(instance.target, defaultPort);
    return known !== undefined && addressText(known) === name;
  });
  if (configured !== undefined) return configured;
  if (isLoopback(address) && address.transport !== "unix") return { target: name };
  throw new TypeError(
    `cannot ask ${name}: it is neither configured nor on this host; add a [[check.redis]] with it among its targets`,
  );
}

/** Connects and authenticates. The caller disposes of it. */
export async function openInstance(
  instance: RedisInstance,
  { clock, signal }: ToolContext,
  { defaultPort }: RedisPlace,
): Promise<RedisClient> {
  const address = parseServiceAddress(instance.target, defaultPort);
  if (address === undefined) throw new TypeError("cannot ask Redis: the configured target is no address");
  const { username, passwordFile, caFile } = instance;
  const tls = instance.tls && caFile !== undefined
    ? { caCerts: [...instance.tls.caCerts ?? [], await readGrantedFile(caFile)] }
    : instance.tls;
  const password = passwordFile === undefined
    ? instance.password
    : (await readGrantedFile(passwordFile)).trim();
  return await RedisClient.open({ address, clock, tls, username, password, replyMs: 5000 }, signal);
}
