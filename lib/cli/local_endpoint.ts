/** Where the agent that runs on this host listens. */
import { join, resolve } from "node:path";
import { ConfigError } from "../config/config_error.ts";
import type { Environment } from "../config/env_references.ts";

/** What the flags of `emit` and `status` say of where the agent is. */
export interface EndpointFlags {
  socket?: string | undefined;
  url?: string | undefined;
  tokenFile?: string | undefined;
  config?: string | undefined;
  stateDir?: string | undefined;
}

/** Where the agent listens. */
export type Endpoint =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "http"; readonly base: string; readonly token: string | undefined };

/** Options of {@linkcode findEndpoint}. */
export interface FindEndpointOptions {
  env: Environment;
  /** The working folder, absolute. */
  cwd: string;
  /** `Deno.uid()`. */
  uid: number | null;
}

/**
 * `--socket` or `--url`, else where `pawl run` would listen with the same configuration and state folder.
 *
 * @throws ConfigError if the flags contradict each other, or the configuration cannot be used.
 */
export async function findEndpoint(
  flags: EndpointFlags,
  { env, cwd, uid }: FindEndpointOptions,
): Promise<Endpoint> {
  const { socket, url, tokenFile } = flags;
  if (socket !== undefined && url !== undefined) {
    throw new ConfigError("--socket and --url contradict each other; leave one out");
  }
  if (socket !== undefined) return { kind: "unix", path: resolve(cwd, socket) };
  const token = tokenFile === undefined ? undefined : await readToken(resolve(cwd, tokenFile));
  if (url !== undefined) return { kind: "http", base: baseOf(url), token };
  const [{ loadConfig }, { resolveStateDir }] = await Promise.all([
    import("../config/load.ts"),
    import("../config/state_dir.ts"),
  ]);
  const config = await loadConfig({ path: flags.config, env, cwd, stderrIsTerminal: false });
  const { listen } = config.local;
  switch (listen.kind) {
    case "none":
      throw new ConfigError(
        `cannot ask the agent: ${config.file ?? "the configuration"} has local.listen = "none"; remove that`,
      );
    case "unix":
      return { kind: "unix", path: listen.path };
    case "default": {
      const folder = resolveStateDir({ flag: flags.stateDir, config: config.stateDir, env, uid, cwd });
      return { kind: "unix", path: join(folder, "pawl.sock") };
    }
    case "tcp":
      if (listen.port === 0) {
        throw new ConfigError("cannot ask the agent: local.listen lets it pick its port; name it with --url");
      }
      return {
        kind: "http",
        base: `http://${reachable(listen.hostname)}:${listen.port}`,
        token: token ?? config.local.token,
      };
  }
}

async function readToken(path: string): Promise<string> {
  const { readTokenFile } = await import("../config/credentials.ts");
  return (await readTokenFile(path, "--token-file")).token;
}

function baseOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search || url.hash) {
    throw new ConfigError("--url is not the agent's address; write http://host:port");
  }
  if (url.username || url.password) {
    throw new ConfigError("--url has user info (the part before @); leave it out and use --token-file");
  }
  return url.origin;
}

/** Where to knock when a server listens on all addresses. */
function reachable(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1";
  if (hostname === "::") return "[::1]";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
