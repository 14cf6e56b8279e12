/**
 * Waits until `condition` gives a value that is neither false, null nor undefined, and returns it. The deadline
 * only turns a hang into a failure; a passing test never waits for it.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = 20_000,
): Promise<Exclude<T, false | null | undefined>> {
  const start = performance.now();
  for (;;) {
    const value = await condition();
    if (value !== false && value !== null && value !== undefined) {
      return value as Exclude<T, false | null | undefined>;
    }
    if (performance.now() - start > deadlineMs) {
      throw new Error(`waited ${deadlineMs} ms in vain until ${what}`);
    }
    await new Promise<void>((resolve) => setTimeout(resolve, 2));
  }
}
