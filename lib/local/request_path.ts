/** Where a request leads. */

/** By hand: a request's URL holds the Host header as it came, and need not parse. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  return start < 0 ? "/" : url.slice(start).replace(/[?#].*$/s, "");
}
