/** What of a web request's settings is secret. */
import { isSecretName } from "../host/mask_secrets.ts";

/** The values of headers that are secret by their name, and what follows the scheme in `Bearer …`. */
export function secretsOfHeaders(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).filter(([name]) => isSecretName(name)).flatMap(([, value]) => {
    const credentials = /^[\w-]+ +(\S.*)$/.exec(value)?.[1];
    return credentials === undefined ? [value] : [value, credentials];
  });
}

/** The parameters of an address that are secret by their name. */
export function secretsOfAddress(address: string): string[] {
  return [...new URL(address).searchParams].filter(([name]) => isSecretName(name)).map(([, value]) => value);
}
