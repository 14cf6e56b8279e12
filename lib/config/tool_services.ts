/** The services that tools may speak to because a check does: with the credentials that the check has. */
import type { ConfiguredCheck } from "../checks/make_checks.ts";
import type { RedisSettings } from "../checks/redis.ts";
import type { AllToolsOptions } from "../tools/all_tools.ts";

/** What the tools of services need to know of the configuration. */
export function toolServices(checks: readonly ConfiguredCheck[]): Pick<AllToolsOptions, "redis" | "docker"> {
  const instances = settingsOf(checks, "redis").flatMap((settings) => {
    const { targets, username, password, password_file, tls, ca_file } = settings as RedisSettings;
    return targets.map((target) => ({
      target,
      username,
      password,
      passwordFile: password_file,
      tls: tls ? {} : undefined,
      caFile: ca_file,
    }));
  });
  const [docker] = settingsOf(checks, "docker");
  const socket = docker?.["socket"];
  return { redis: { instances }, ...(typeof socket === "string" && { docker: { socket } }) };
}

function settingsOf(checks: readonly ConfiguredCheck[], plugin: string): ConfiguredCheck["settings"][] {
  return checks.filter((check) => check.plugin === plugin).map(({ settings }) => settings);
}
