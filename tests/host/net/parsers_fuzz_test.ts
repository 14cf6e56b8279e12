import assert from "node:assert/strict";
import fc from "fast-check";
import { prefixOfNetmask } from "../../../lib/host/net/addresses.ts";
import { addressOfBytes, addressOfWords } from "../../../lib/host/net/address_text.ts";
import { parseArp } from "../../../lib/host/net/arp.ts";
import { parseCacheStatistics } from "../../../lib/host/net/conntrack.ts";
import { parseLocalAddresses } from "../../../lib/host/net/fib_trie.ts";
import { parseIfInet6 } from "../../../lib/host/net/if_inet6.ts";
import { parseNetDev } from "../../../lib/host/net/net_dev.ts";
import { parseNetstat } from "../../../lib/host/net/netstat.ts";
import { parseIpv6Routes, parseRoutes } from "../../../lib/host/net/routes.ts";
import { parseSockstat } from "../../../lib/host/net/sockstat.ts";
import { parseSoftnet } from "../../../lib/host/net/softnet.ts";
import { tcpStateNumber } from "../../../lib/host/net/tcp_state_name.ts";
import { parseSocketTable } from "../../../lib/host/net/tcp_table.ts";
import { parseUnixTable } from "../../../lib/host/net/unix_table.ts";
import { netText } from "./net_tree.ts";

/** Each parser, and a text that it understands. */
const PARSERS: Record<string, { parse: (text: string) => unknown; sample: string }> = {
  dev: { parse: parseNetDev, sample: netText("net_busy", "dev") },
  netstat: { parse: parseNetstat, sample: netText("net_busy", "netstat") },
  snmp: { parse: parseNetstat, sample: netText("net_busy", "snmp") },
  sockstat: { parse: parseSockstat, sample: netText("net_busy", "sockstat") },
  tcp: { parse: parseSocketTable, sample: netText("net_busy", "tcp") },
  tcp6: { parse: parseSocketTable, sample: netText("net_busy", "tcp6") },
  udp: { parse: parseSocketTable, sample: netText("net_busy", "udp") },
  unix: { parse: parseUnixTable, sample: netText("net_busy", "unix") },
  arp: { parse: parseArp, sample: netText("net_busy", "arp") },
  route: { parse: parseRoutes, sample: netText("net_busy", "route") },
  ipv6_route: { parse: parseIpv6Routes, sample: netText("net_busy", "ipv6_route") },
  if_inet6: { parse: parseIfInet6, sample: netText("net_busy", "if_inet6") },
  fib_trie: { parse: parseLocalAddresses, sample: netText("net_busy", "fib_trie") },
  softnet_stat: { parse: parseSoftnet, sample: netText("net_busy", "softnet_stat") },
  nf_conntrack: { parse: parseCacheStatistics, sample: netText("net_busy", "stat/nf_conntrack") },
};

/** Every number anywhere in what a parser gave. */
function* numbersIn(value: unknown): Generator<number> {
  if (typeof value === "number") yield value;
  else if (value instanceof Map) { for (const entry of value) yield* numbersIn(entry); }
  else if (Array.isArray(value)) { for (const item of value) yield* numbersIn(item); }
  else if (typeof value === "object" && value !== null) yield* numbersIn(Object.values(value));
}

function assertSane(parse: (text: string) => unknown, text: string): void {
  for (const number of numbersIn(parse(text))) assert(Number.isFinite(number), `gave ${number}`);
}

/** Pieces that kernels write, and some that none does. */
const piece = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    "\n",
    ":",
    " ",
    "\0",
    "-1",
    "ffffffffffffffff",
    "99999999999999999999999",
    "NaN",
    "0x",
    "A:",
  ),
);

for (const [name, { parse, sample }] of Object.entries(PARSERS)) {
  Deno.test(`${name}: no text makes the parser throw or give anything but finite numbers`, () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => assertSane(parse, text)));
    const place = fc.nat({ max: sample.length });
    fc.assert(
      fc.property(place, place, piece, (from, length, inserted) => {
        assertSane(parse, sample.slice(0, from) + inserted + sample.slice(from + length % 40));
      }),
      { numRuns: 400 },
    );
  });

  Deno.test(`${name}: a text that was cut gives no more than the whole one`, () => {
    const count = (text: string) => [...numbersIn(parse(text))].length;
    const whole = count(sample);
    fc.assert(fc.property(fc.nat({ max: sample.length }), (end) => {
      assert.ok(count(sample.slice(0, end)) <= whole);
    }));
  });
}

Deno.test("an address that was encoded is decoded to the same bytes", () => {
  const byte = fc.nat({ max: 255 });
  fc.assert(fc.property(fc.array(byte, { minLength: 4, maxLength: 4 }), (bytes) => {
    const hex = bytes.map((each) => each.toString(16).padStart(2, "0"));
    assert.equal(addressOfBytes(hex.join("")), bytes.join("."));
    assert.equal(addressOfWords(hex.toReversed().join("").toUpperCase()), bytes.join("."));
  }));
  fc.assert(fc.property(fc.array(byte, { minLength: 16, maxLength: 16 }), (bytes) => {
    const hex = bytes.map((each) => each.toString(16).padStart(2, "0")).join("");
    const text = addressOfBytes(hex) ?? "";
    if (/^0{20}ffff/.test(hex)) return assert.match(text, /^\d+\.\d+\.\d+\.\d+$/);
    // The platform's own reading of it.
    const platform = new URL(`http://[${text}]/`).hostname;
    assert.equal(`[${text}]`, platform);
  }));
});

Deno.test("no netmask and no state name makes their reader throw", () => {
  fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => {
    for (const figure of [prefixOfNetmask(text), tcpStateNumber(text)]) {
      assert.ok(figure === undefined || Number.isFinite(figure));
    }
  }));
  assert.deepEqual(["255.255.255.0", "ffff:ffff:ffff:ffff::", "0.0.0.0"].map(prefixOfNetmask), [24, 64, 0]);
});
