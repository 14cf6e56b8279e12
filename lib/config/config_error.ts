/**
 * The configuration, or what it points at, cannot be used. The message is one line: what, where (`file:line` and
 * key), and what to do; it never quotes a secret. The command line ends with exit code 2 on it.
 */
export class ConfigError extends Error {
  /** See `Error.name`. */
  override readonly name = "ConfigError";
}
