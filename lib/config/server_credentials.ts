/** What shows who this agent is, and who the server is: in files that may change while the agent runs. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { ConfigError } from "./config_error.ts";
import { isOpenToOthers, readCertificates, readTokenFile } from "./credentials.ts";
import { readSmallFile } from "./read_file.ts";

/** A file, and what names it in errors: `file:line: key` or a flag. */
export interface NamedFile {
  /** Absolute. */
  readonly path: string;
  readonly setting: string;
}

/** The files that the credentials are in. */
export interface CredentialFiles {
  readonly token: NamedFile | undefined;
  readonly ca: NamedFile | undefined;
  readonly cert: NamedFile | undefined;
  readonly key: NamedFile | undefined;
}

/** What was read. */
export interface ServerCredentials {
  /** Fit for a header. A secret. */
  readonly token: string | undefined;
  /** PEM, one each. */
  readonly caCerts: readonly string[];
  /** A chain and its key, PEM, which belong together. The key is a secret. */
  readonly clientCertificate: { readonly cert: string; readonly key: string } | undefined;
}

const MAX_KEY_BYTES = 64 * 1024;

/**
 * Reads them all.
 *
 * @param fixedToken the token where it is in no file.
 * @param warnings takes note of what is unwise.
 * @throws ConfigError for the first that cannot be used.
 */
export async function readCredentials(
  files: CredentialFiles,
  fixedToken: string | undefined,
  warnings: string[],
): Promise<ServerCredentials> {
  let token = fixedToken;
  if (files.token !== undefined) {
    const read = await readTokenFile(files.token.path, files.token.setting);
    warnings.push(...read.warnings);
    token = read.token;
  }
  const caCerts = files.ca === undefined ? [] : await readCertificates(files.ca.path, files.ca.setting);
  const { cert, key } = files;
  const clientCertificate = cert && key && await readClientCertificate(cert, key, warnings);
  return { token, caCerts, clientCertificate };
}

/** Credentials that are read anew when their files have changed; a `CredentialSource` of the link. */
export interface FileCredentials {
  fingerprint(): Promise<string>;
  read(): Promise<ServerCredentials>;
}

/** Options of {@linkcode fileCredentials}. */
export interface FileCredentialsOptions {
  files: CredentialFiles;
  /** The token where it is in no file. */
  fixedToken: string | undefined;
  /** Hears of what was read before anybody else does: no log may show the token. */
  onRead?: (credentials: ServerCredentials) => void;
}

/** The source of what `files` hold; undefined where there are none. */
export function fileCredentials(
  { files, fixedToken, onRead = () => {} }: FileCredentialsOptions,
): FileCredentials | undefined {
  const named = [files.token, files.ca, files.cert, files.key].filter((file) => file !== undefined);
  if (named.length === 0) return undefined;
  return {
    fingerprint: async () => (await Promise.all(named.map(({ path }) => fingerprintOf(path)))).join("\n"),
    async read() {
      const credentials = await readCredentials(files, fixedToken, []);
      onRead(credentials);
      return credentials;
    },
  };
}

/** What a file is: another text once it has been written to, or something else has taken its place. */
async function fingerprintOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtime, ctime } = await Deno.stat(path); // of what a link leads to
    return [dev, ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
  } catch (error) {
    return error instanceof Error ? error.name : "unknown";
  }
}

async function readClientCertificate(
  certFile: NamedFile,
  keyFile: NamedFile,
  warnings: string[],
): Promise<{ cert: string; key: string }> {
  const chain = await readCertificates(certFile.path, certFile.setting);
  const leaf = new X509Certificate(chain[0] ?? "");
  let key: string;
  try {
    key = await readSmallFile(keyFile.path, MAX_KEY_BYTES);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `${keyFile.setting}: cannot read the key from ${keyFile.path}: ${why}; name a file that the agent can read`,
      { cause: error },
    );
  }
  let belongs: boolean;
  try {
    belongs = leaf.checkPrivateKey(createPrivateKey(key));
  } catch {
    // The parser's error is no cause to keep: it may quote the key.
    throw new ConfigError(
      `${keyFile.setting}: ${keyFile.path} holds no usable private key; it must be PEM, and not encrypted`,
    );
  }
  if (!belongs) {
    throw new ConfigError(
      `${keyFile.setting}: the key in ${keyFile.path} is not the one of the certificate in ${certFile.path}; ` +
        "put both in their place",
    );
  }
  if (await isOpenToOthers(keyFile.path)) {
    warnings.push(`${keyFile.setting}: every user of this host can read ${keyFile.path}; run chmod o= on it`);
  }
  if (leaf.validToDate.getTime() < Date.now()) {
    warnings.push(`${certFile.setting}: the certificate in ${certFile.path} has expired; get a new one`);
  }
  return { cert: chain.join(""), key };
}
