/** `${NAME}` in the configuration's strings. */
/** Where variables come from; `Deno.env` is one. */
export interface Environment {
  get(name: string): string | undefined;
}

/**
 * A value of the configuration refers to a variable that cannot be had. `path` leads to the value; the message is
 * the rest of a sentence that starts with its key.
 */
export class EnvReferenceError extends Error {
  override readonly name = "EnvReferenceError";
  readonly path: readonly PropertyKey[];

  constructor(message: string, path: readonly PropertyKey[], options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** Whether `text` refers to a variable. */
export function refersToEnv(text: string): boolean {
  return text.replaceAll("$${", "").includes("${");
}

/**
 * A copy of `value` whose strings, however deep, have each `${NAME}` replaced by the variable's value and each
 * `$${` by `${`. Keys are left alone.
 *
 * @throws EnvReferenceError where a variable is not set, may not be read, or the reference is malformed.
 */
export function expandEnv(value: unknown, env: Environment, path: readonly PropertyKey[] = []): unknown {
  if (typeof value === "string") return expandText(value, env, path);
  if (Array.isArray(value)) return value.map((item, index) => expandEnv(item, env, [...path, index]));
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, expandEnv(item, env, [...path, key])]),
  );
}

function expandText(text: string, env: Environment, path: readonly PropertyKey[]): string {
  return text.replace(/\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{/g, (match, name: string | undefined) => {
    if (match === "$${") return "${";
    if (name === undefined) {
      throw new EnvReferenceError('has "${" without a name and "}" after it; write $${ for a plain ${', path);
    }
    const value = lookUp(name, env, path);
    if (value === undefined) {
      throw new EnvReferenceError(
        `refers to the environment variable ${name}, which is not set; set it, or write $\${ for a plain \${`,
        path,
      );
    }
    return value;
  });
}

function lookUp(name: string, env: Environment, path: readonly PropertyKey[]): string | undefined {
  try {
    return env.get(name);
  } catch (error) {
    throw new EnvReferenceError(
      `refers to the environment variable ${name}, which the sandbox does not let be read; grant it`,
      path,
      { cause: error },
    );
  }
}

/** The variables that the strings in `value` refer to, each with the path to one that does. */
export function variablesIn(
  value: unknown,
  path: readonly PropertyKey[] = [],
): { name: string; setting: readonly PropertyKey[] }[] {
  const found = new Map<string, readonly PropertyKey[]>();
  const visit = (item: unknown, at: readonly PropertyKey[]): void => {
    if (typeof item === "string") {
      for (const [, name] of item.replaceAll("$${", "").matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)) {
        if (name !== undefined && !found.has(name)) found.set(name, at);
      }
    } else if (Array.isArray(item)) item.forEach((inner, index) => visit(inner, [...at, index]));
    else if (typeof item === "object" && item !== null && !(item instanceof Date)) {
      for (const [key, inner] of Object.entries(item)) visit(inner, [...at, key]);
    }
  };
  visit(value, path);
  return [...found].map(([name, setting]) => ({ name, setting }));
}
