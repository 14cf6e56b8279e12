/** The token and the certificates that the configuration names: read, checked, fit to be used. */
import { X509Certificate } from "node:crypto";
import { ConfigError } from "./config_error.ts";
import { readSmallFile } from "./read_file.ts";

const MAX_TOKEN_BYTES = 4096;
const MAX_CA_BYTES = 4 * 1024 * 1024;

/**
 * `token` without the white space around it.
 *
 * @param where what names it in the error, such as `server.token` or the file's path.
 * @param what what it is called there.
 * @throws ConfigError if it is empty, too long, or cannot be a header's value; it never shows the token.
 */
export function checkToken(token: string, where: string, what = "token"): string {
  const trimmed = token.trim();
  if (trimmed === "") throw new ConfigError(`${where}: the ${what} is empty; fill it in or leave it out`);
  if (trimmed.length > MAX_TOKEN_BYTES) {
    throw new ConfigError(
      `${where}: the ${what} is longer than ${MAX_TOKEN_BYTES} characters; use a shorter one`,
    );
  }
  const bad = trimmed.search(/[^\x20-\x7e]/);
  if (bad >= 0) {
    throw new ConfigError(
      `${where}: the ${what}'s character ${bad + 1} is a control or non-ASCII character; ` +
        "use printable ASCII on one line",
    );
  }
  return trimmed;
}

/**
 * The token in the file at `path`, trimmed, and what is unwise about the file.
 *
 * @param setting what names the file: `server.token_file` or a flag.
 * @param what what it is called in errors.
 * @throws ConfigError if it cannot be read or holds no usable token.
 */
export async function readTokenFile(
  path: string,
  setting: string,
  what = "token",
): Promise<{ token: string; warnings: string[] }> {
  let text: string;
  try {
    text = await readSmallFile(path, MAX_TOKEN_BYTES + 256);
  } catch (error) {
    throw new ConfigError(
      `${setting}: cannot read the ${what} from ${path}: ${
        messageOf(error)
      }; name a file that the agent can read`,
      { cause: error },
    );
  }
  const token = checkToken(text, `${setting}: ${path}`, what);
  return {
    token,
    warnings: await isOpenToOthers(path)
      ? [`${setting}: every user of this host can read ${path}; run chmod o= on it`]
      : [],
  };
}

/** Whether every user of the host may read the file; false where that cannot be told. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  try {
    const { mode, isFile } = await Deno.stat(path);
    return isFile && mode !== null && (mode & 0o004) !== 0;
  } catch {
    return false; // it has just been read: whatever this is, it is nothing to stop for
  }
}

/**
 * The certificates in the PEM file at `path`, one string each.
 *
 * @throws ConfigError if it cannot be read, holds none, or one of them is damaged.
 */
export async function readCertificates(path: string, setting: string): Promise<string[]> {
  let text: string;
  try {
    text = await readSmallFile(path, MAX_CA_BYTES);
  } catch (error) {
    throw new ConfigError(
      `${setting}: cannot read certificates from ${path}: ${
        messageOf(error)
      }; name a PEM file that the agent can read`,
      { cause: error },
    );
  }
  const found = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) {
    throw new ConfigError(
      `${setting}: ${path} holds no certificate; it must be PEM, with "-----BEGIN CERTIFICATE-----"`,
    );
  }
  return found.map((block, index) => {
    const pem = `${block.replaceAll("\r", "")}\n`;
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw new ConfigError(
        `${setting}: certificate ${index + 1} of ${found.length} in ${path} is damaged; export it again`,
        { cause: error },
      );
    }
    return pem;
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
