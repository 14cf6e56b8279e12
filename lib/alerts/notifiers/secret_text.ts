/** Keeping secrets out of what foreign servers say: they like to quote what they were sent. */

const MIN_SECRET_CHARS = 4;

/**
 * `text` with every one of `secrets` taken out, also where it stands escaped as in JSON or in a URL. Those under 4
 * characters are left: they occur in every text.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const needles = secrets.filter((secret) => secret.length >= MIN_SECRET_CHARS)
    .flatMap((
      secret,
    ) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(toWellFormed(secret))]);
  // Longest first: a secret may be part of another.
  return needles.sort((a, b) => b.length - a.length)
    .reduce((clean, needle) => clean.replaceAll(needle, "[redacted]"), text);
}

/** What is secret about an address: its user info, and the parts of path and query long enough to be a token. */
export function secretsOfUrl(url: URL): string[] {
  const [user, password] = [url.username, url.password].map(decoded);
  const parts = [...url.pathname.split("/"), ...url.searchParams.values()].filter((part) =>
    part.length >= 16
  );
  return [
    ...user ? [user] : [],
    ...password ? [password, base64(`${user}:${password}`)] : [],
    ...parts.flatMap((part) => [part, decoded(part)]),
  ];
}

/** `text` in base64, as HTTP's basic authentication sends it. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a lone "%" is fine in an address
  }
}

function toWellFormed(text: string): string {
  return text.toWellFormed();
}
