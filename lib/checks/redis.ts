/** Whether a Redis answers, and what it says of itself. */
import { lazyCheck } from "./lazy_check.ts";
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { absolutePath, duration, nonEmpty } from "../config/fields.ts";
import type { Need } from "../host/need.ts";
import { parseRedisAddress } from "../host/probes/service_places.ts";
import { addressNeeds, type ServiceAddress } from "../host/probes/service_address.ts";
import type { Check } from "./check.ts";
import { defineCheck, type SettingsOf } from "./definition.ts";
import { redisDimensions, redisFigureOptions } from "./redis_dimensions.ts";

const address = () =>
  nonEmpty().check(
    z.refine(
      (text) => parseRedisAddress(text) !== undefined,
      'must be an address such as "127.0.0.1:6379", "[::1]:6379" or "unix:///run/redis/redis.sock"',
    ),
  );

const options = () => ({
  targets: about(
    z._default(z.array(address()).check(z.minLength(1), z.maxLength(100)), ["127.0.0.1:6379"]),
    "The servers, as `host:port` or `unix:///path`.",
  ),
  username: about(z.optional(nonEmpty()), "The user to authenticate as; needs a password."),
  password: about(z.optional(nonEmpty()), "The password; `password_file` keeps it out of the configuration."),
  password_file: about(
    z.optional(absolutePath()),
    "A file with the password; white space around it is cut off.",
  ),
  tls: about(z._default(z.boolean(), false), "Whether to speak TLS."),
  ca_file: about(
    z.optional(absolutePath()),
    "Authorities in PEM that the server's certificate may be signed by, besides the system's.",
  ),
  connect_timeout: about(z.prefault(duration("100ms", "30s"), "3s"), "How long connecting may take."),
  reply_timeout: about(
    z.prefault(duration("100ms", "30s"), "2s"),
    "How long one reply may take; a server that connects but does not reply is hung.",
  ),
  ...redisFigureOptions(),
});

/** The options of `[[check.redis]]`, read. */
export type RedisSettings = SettingsOf<typeof options>;

/** Redis and what speaks like it. */
export const REDIS_CHECK = defineCheck({
  plugin: "redis",
  summary: "whether a Redis answers, replicates and has room",
  dimensions: redisDimensions,
  options,
  byDefault: false,
  targets: (settings) => {
    assertConsistent(settings);
    return settings.targets;
  },
  needs: ({ targets, password_file, ca_file }): Need[] => [
    ...targets.flatMap((target) => addressNeeds(addressOf(target))),
    ...[password_file, ca_file].flatMap((path) => path === undefined ? [] : [{ read: path }]),
  ],
  secrets: ({ password }) => password === undefined ? [] : [password],
  make(settings, seams): Check[] {
    assertConsistent(settings);
    return settings.targets.map((target) =>
      lazyCheck({ plugin: "redis", target }, async () => {
        const { RedisLook } = await import("./redis_look.ts");
        return new RedisLook(target, settings, seams);
      })
    );
  },
});

function assertConsistent({ username, password, password_file, tls, ca_file }: RedisSettings): void {
  if (password !== undefined && password_file !== undefined) {
    throw new TypeError("check.redis has both password and password_file; keep one");
  }
  if (username !== undefined && password === undefined && password_file === undefined) {
    throw new TypeError("check.redis has a username but no password; add password_file");
  }
  if (ca_file !== undefined && !tls) {
    throw new TypeError("check.redis has a ca_file, but tls is off; turn it on");
  }
}

export function addressOf(target: string): ServiceAddress {
  const address = parseRedisAddress(target);
  if (address === undefined) throw new TypeError(`${target} is no address`);
  return address;
}
