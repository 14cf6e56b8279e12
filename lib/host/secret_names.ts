/** Which names say that their value is a secret. */

/** Anywhere in a name, whatever stands around it: `PGPASSWORD`, `githubToken`. */
const TELLING = [
  "password",
  "passwd",
  "passphrase",
  "passwort",
  "secret",
  "token",
  "credential",
  "apikey",
  "accesskey",
  "privatekey",
  "secretkey",
  "authorization",
  "bearer",
  "sshpass",
  "requirepass",
  "masterauth",
  "jsessionid",
  "phpsessid",
];

/** As a word of its own: `DB_PASS`, but not `bypass`; `Cookie`, but not `tcp_syncookies`. */
const TELLING_WORDS = new Set([
  "pass",
  "pwd",
  "pw",
  "auth",
  "cookie",
  "cookies",
  "jwt",
  "cred",
  "creds",
  "dsn",
]);

/** With these before it, a name that ends in `key` is harmless. */
const OPEN_KEYS = new Set([
  "public",
  "pub",
  "primary",
  "foreign",
  "sort",
  "hash",
  "partition",
  "host",
  "alert",
]);

/** What ends so names where the secret is, or speaks about it. */
const HARMLESS_ENDS = new Set([
  "file",
  "path",
  "dir",
  "folder",
  "method",
  "type",
  "count",
  "age",
  "len",
  "length",
]);

/** Longer names are of no program that people configure; the bound keeps the work small. */
const MAX_NAME_CHARS = 128;

/**
 * Whether a value of this name is to be kept from view: a variable, an option with its dashes, a header, a key. Errs on
 * the side of hiding; names of files that hold secrets (`TOKEN_FILE`) are not hidden.
 */
export function isSecretName(name: string): boolean {
  // The end of a long name says what it is: `…_PASSWORD`.
  const words = wordsOf(name.slice(-MAX_NAME_CHARS));
  const last = words.at(-1);
  if (last === undefined || HARMLESS_ENDS.has(last)) return false;
  if (name === "PWD" || name === "OLDPWD") return false; // the working folder
  if (words.some((word) => TELLING_WORDS.has(word))) return true;
  const joined = words.join("");
  if (TELLING.some((part) => joined.includes(part))) return true;
  return last === "key" && words.length > 1 && !OPEN_KEYS.has(words.at(-2) ?? "");
}

/** `dbPassword`, `DB_PASSWORD` and `--db-password` are `db` and `password`. */
function wordsOf(name: string): string[] {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z0-9]+/).filter(Boolean);
}
