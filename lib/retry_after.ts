/**
 * Seconds to wait by a `Retry-After` header, which holds seconds or an HTTP date; undefined if neither. A date is
 * told from `wallMs`, the wall clock's milliseconds since 1970; one that has passed means 0.
 */
export function parseRetryAfter(header: string | undefined, wallMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header);
  if (!/^\s*[a-z]{3}/i.test(header)) return undefined; // a date begins with its day; the parser takes "-5" for one
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, Math.ceil((dateMs - wallMs) / 1000));
}
