/** `/proc/net/fib_trie`: of it, the IPv4 addresses that the host itself has. */

/** In the file's order, each once. Never throws. */
export function parseLocalAddresses(text: string): string[] {
  const addresses = new Set<string>();
  let leaf: string | undefined;
  for (const line of text.split("\n")) {
    const [, address] = /^\s*\|-- (\d{1,3}(?:\.\d{1,3}){3})\s*$/.exec(line) ?? [];
    if (address !== undefined) leaf = address;
    else if (leaf !== undefined && /^\s*\/32 host LOCAL\s*$/.test(line)) addresses.add(leaf);
  }
  return [...addresses];
}
