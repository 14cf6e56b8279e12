/** The destinations of alert events besides the server: from what a file says to what their senders are given. */
import { dirname, resolve } from "node:path";
import { isLoopback } from "./address.ts";
import { checkToken, isOpenToOthers, readTokenFile } from "./credentials.ts";
import { refersToEnv } from "./env_references.ts";
import type { DestinationSettings } from "./notify_schema.ts";
import { settingName, type SourceFile } from "./source.ts";
import { dotted, valueAt } from "./toml.ts";

/** One destination. The name is fit for a file's. */
export type DestinationConfig =
  | ConsoleDestination
  | WebhookDestination
  | AlertmanagerDestination
  | PagerdutyDestination;

/** Standard output. */
export interface ConsoleDestination {
  readonly type: "console";
  readonly name: string;
}

/** Any address that takes JSON. */
export interface WebhookDestination {
  readonly type: "webhook";
  readonly name: string;
  /** http or https, without user info. Its path and query may hold a secret. */
  readonly url: URL;
  readonly method: "POST" | "PUT" | "PATCH";
  /** Fit to be sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a request carries an array of events instead of one. */
  readonly batch: boolean;
}

/** Prometheus Alertmanager. */
export interface AlertmanagerDestination {
  readonly type: "alertmanager";
  readonly name: string;
  /** Its base: the API's path is still to be added. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** PagerDuty, by its Events API. */
export interface PagerdutyDestination {
  readonly type: "pagerduty";
  readonly name: string;
  readonly url: URL;
  /** A secret. */
  readonly routingKey: string;
  /** What is affected; undefined: this host, by its name. */
  readonly source: string | undefined;
}

/** What {@linkcode loadDestinations} finds. */
export interface Destinations {
  notify: readonly DestinationConfig[];
  /** What no log may show. */
  secrets: readonly string[];
  /** One line each. */
  warnings: readonly string[];
}

/**
 * Reads the key files that `settings` name.
 *
 * @param source the file that they come from; without one there are none.
 * @throws ConfigError if a key cannot be read or used.
 */
export async function loadDestinations(
  settings: Readonly<Record<string, DestinationSettings>>,
  source: SourceFile | undefined,
): Promise<Destinations> {
  if (source === undefined) return { notify: [], secrets: [], warnings: [] };
  const loading = new Loading(source, await isOpenToOthers(source.path));
  const notify: DestinationConfig[] = [];
  for (const [name, one] of Object.entries(settings)) notify.push(await loading.destination(name, one));
  return { notify, secrets: loading.secrets, warnings: loading.warnings };
}

/** Header names whose values are secrets. */
const SECRET_NAME = /auth|token|key|secret|passw|cookie|credential|signature/i;

/** The least length of a part of an address that may be a token. */
const MIN_TOKEN_CHARS = 16;

class Loading {
  readonly secrets: string[] = [];
  readonly warnings: string[] = [];
  readonly #source: SourceFile;
  readonly #isOpen: boolean;

  /** @param isOpen whether every user can read the configuration file. */
  constructor(source: SourceFile, isOpen: boolean) {
    this.#source = source;
    this.#isOpen = isOpen;
  }

  async destination(name: string, settings: DestinationSettings): Promise<DestinationConfig> {
    switch (settings.type) {
      case "console":
        return { name, type: settings.type };
      case "webhook":
        this.secrets.push(...secretsOfUrl(settings.url));
        this.#noteHeaders(name, settings);
        return { name, ...settings };
      case "alertmanager":
        this.#noteHeaders(name, settings);
        return { name, ...settings };
      case "pagerduty": {
        const { type, url, source } = settings;
        const routingKey = await this.#routingKey(name, settings);
        this.secrets.push(routingKey);
        this.#warnOfPlainHttp(name, url, "the routing key goes");
        return { name, type, url, routingKey, source };
      }
    }
  }

  async #routingKey(name: string, settings: DestinationSettings & { type: "pagerduty" }): Promise<string> {
    const { routing_key: key, routing_key_file: file } = settings;
    if (file !== undefined) {
      const setting = settingName(this.#source, ["notify", name, "routing_key_file"]);
      const read = await readTokenFile(resolve(dirname(this.#source.path), file), setting, "routing key");
      this.warnings.push(...read.warnings);
      return read.token;
    }
    const path = ["notify", name, "routing_key"];
    if (!this.#isFromEnv(path)) this.#warnOfOpenFile(path, `use notify.${name}.routing_key_file`);
    return checkToken(key ?? "", settingName(this.#source, path), "routing key");
  }

  #noteHeaders(
    name: string,
    { url, headers }: { url: URL; headers: Readonly<Record<string, string>> },
  ): void {
    let anySecret = false;
    for (const [header, value] of Object.entries(headers)) {
      const path = ["notify", name, "headers", header];
      const isFromEnv = this.#isFromEnv(path);
      if (!isFromEnv && !SECRET_NAME.test(header)) continue;
      anySecret = true;
      this.secrets.push(...secretsOfHeader(value));
      if (!isFromEnv) this.#warnOfOpenFile(path, "put the value into a variable");
    }
    if (anySecret) this.#warnOfPlainHttp(name, url, "its headers go");
  }

  #isFromEnv(path: readonly string[]): boolean {
    const written = valueAt(this.#source.raw, path);
    return typeof written === "string" && refersToEnv(written);
  }

  #warnOfOpenFile(path: readonly string[], remedy: string): void {
    if (!this.#isOpen) return;
    this.warnings.push(`${dotted(path)}: every user of this host can read ${this.#source.path}; ${remedy}`);
  }

  #warnOfPlainHttp(name: string, url: URL, what: string): void {
    if (url.protocol === "https:" || isLoopback(url)) return;
    this.warnings.push(`notify.${name}.url: ${what} to ${url.host} unencrypted; use https`);
  }
}

/** The value, and what follows the scheme in `Bearer …`: a server may quote either. */
function secretsOfHeader(value: string): string[] {
  const credentials = /^[\w-]+ +(\S.*)$/.exec(value)?.[1];
  return credentials === undefined ? [value] : [value, credentials];
}

/** Chat services put the token into the address: the parts of path and query that are long enough. */
function secretsOfUrl(url: URL): string[] {
  return [...url.pathname.split("/"), ...url.searchParams.values()].filter((part) =>
    part.length >= MIN_TOKEN_CHARS
  );
}
