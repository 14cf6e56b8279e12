/** What a connection to the hub is made with. */

/** Whom to connect to, and how. */
export interface LinkSettings extends Credentials {
  /** The endpoints, `ws:` or `wss:`; all do the same. */
  readonly urls: readonly URL[];
  readonly proxy?: ProxySettings | undefined;
}

/** What shows who this agent is, and what shows who the server is. */
export interface Credentials {
  /** Sent as `X-Agent-Token`. */
  readonly token?: string | undefined;
  /** Authorities to trust besides those that the runtime brings, PEM, one certificate each. */
  readonly caCerts: readonly string[];
  /** Shown to servers that ask for one. */
  readonly clientCertificate?: ClientCertificate | undefined;
}

/** A certificate chain and its private key, both PEM. */
export interface ClientCertificate {
  /** The agent's own first, then those that lead to its authority. */
  readonly cert: string;
  /** A secret. */
  readonly key: string;
}

/** An HTTP proxy that opens tunnels by CONNECT. */
export interface ProxySettings {
  /** `http://host:port`, without user info. */
  readonly url: URL;
  /** Who asks; nobody is named without one. The runtime shows it to the hub, too. */
  readonly username?: string | undefined;
  /** A secret, which the runtime shows to the hub, too. */
  readonly password?: string | undefined;
}

/** Whether both say the same. */
export function sameSettings(a: LinkSettings, b: LinkSettings): boolean {
  return sameRoute(a, b) && sameCredentials(a, b);
}

/** Whether both lead to the same servers on the same way. */
export function sameRoute(a: LinkSettings, b: LinkSettings): boolean {
  const routeOf = ({ urls, proxy }: LinkSettings) =>
    JSON.stringify([
      urls.map(({ href }) => href),
      proxy && [proxy.url.href, proxy.username ?? null, proxy.password ?? null],
    ]);
  return routeOf(a) === routeOf(b);
}

/** Whether both show the same. */
export function sameCredentials(a: Credentials, b: Credentials): boolean {
  const shown = ({ token, caCerts, clientCertificate }: Credentials) =>
    JSON.stringify([
      token ?? null,
      caCerts,
      clientCertificate && [clientCertificate.cert, clientCertificate.key],
    ]);
  return shown(a) === shown(b);
}

/**
 * The HTTP client that dials so; the caller closes it.
 *
 * @throws TypeError for certificates that cannot be used, `NotCapable` for a proxy that the sandbox does not grant.
 */
export function openClient({ caCerts, clientCertificate, proxy }: LinkSettings): Deno.HttpClient {
  const { username, password = "" } = proxy ?? {};
  return Deno.createHttpClient({
    caCerts: [...caCerts],
    ...clientCertificate,
    ...(proxy && {
      proxy: {
        transport: "http",
        url: proxy.url.origin,
        ...(username !== undefined && { basicAuth: { username, password } }),
      },
    }),
  });
}
