/** The number from which all chance of a test comes: `PAWL_SEED`, or else another one each time. */
export function masterSeed(): number {
  const given = Deno.env.get("PAWL_SEED");
  if (given === undefined) return crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
  const seed = Number(given);
  if (given !== "" && Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new RangeError(`cannot begin: PAWL_SEED must be a whole number, it is "${given}"`);
}

/** A count from the environment. */
export function countFrom(name: string, otherwise: number): number {
  const given = Deno.env.get(name);
  if (given === undefined) return otherwise;
  const count = Number(given);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new RangeError(`cannot begin: ${name} must be a whole number above 0, it is "${given}"`);
}
