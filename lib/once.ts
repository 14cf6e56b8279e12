/** Values that are made when somebody asks for them. */

/**
 * A function that has `make` make its value at the first call, and returns the same ever after. For what costs a start
 * more than it may ever need: a schema is a graph of objects. Where `make` throws, the next call tries again.
 */
export function once<Made>(make: () => Made): () => Made {
  let made: { readonly value: Made } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The same for what takes time, such as code to be loaded. Where `make` rejects, the next call tries again. */
export function onceDone<Made>(make: () => Promise<Made>): () => Promise<Made> {
  let made: Promise<Made> | undefined;
  return () =>
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
}
