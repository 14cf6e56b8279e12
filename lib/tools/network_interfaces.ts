/** Tools about the network interfaces. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { bytesText } from "../host/figure_text.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { FactUnavailableError, type HostFacts } from "../host/host_facts.ts";
import { countOf } from "../host/kernel_text.ts";
import { type HostAddress, hostAddresses } from "../host/net/addresses.ts";
import { type InterfaceCounters, parseNetDev } from "../host/net/net_dev.ts";
import { flag } from "./arguments.ts";
import { given, textIfReadable } from "./kernel_reads.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

/** A host of containers has thousands. */
const MAX_INTERFACES = 500;

const showLoopback = about(flag(false), "Whether to show the loopback interface, too.");
const NEEDS = [
  { kernel: "/proc/net/dev", optional: true },
  { kernel: "/sys/class/net", optional: true },
  { fact: "interfaces" },
] as const;

/** All interfaces at a glance. */
export const NETWORK_INTERFACES = defineTool({
  name: "network_interfaces",
  family: "network",
  description: "Every network interface: state, addresses, traffic, errors and drops since it came up",
  args: { show_lo: about(flag(true), "Whether to show the loopback interface, too.") },
  needs: NEEDS,
  reach: "host",
  run: ({ show_lo }, { host }) => overview(host, (name) => show_lo || name !== "lo"),
});

/** One interface, or all of them, in detail. */
export const NET_INTERFACE = defineTool({
  name: "net_interface",
  family: "network",
  description:
    "One network interface in detail (all of them without a name): link, speed, MTU, counters by direction",
  args: {
    name: about(z._default(z.string().check(z.maxLength(64)), ""), "The interface; left out: all of them."),
    show_lo: showLoopback,
  },
  needs: NEEDS,
  reach: "host",
  async run({ name, show_lo }, { host }) {
    const { interfaces } = await readInterfaces(
      host,
      (each) => name === "" ? show_lo || each !== "lo" : each === name,
    );
    if (name !== "" && interfaces.length === 0) {
      throw new Error("cannot show that interface: there is none of the name; network_interfaces lists them");
    }
    const text = interfaces.map((each) =>
      table(columns(each.name, ""), [
        ["state", each.state ?? "unknown"],
        ["speed", each.speed_mbit === undefined ? "not known" : `${each.speed_mbit} Mbit/s`],
        ["duplex", each.duplex ?? "not known"],
        ["mtu", String(each.mtu ?? "not known")],
        ["mac", each.mac ?? "none"],
        ["addresses", each.addresses.join(", ") || "none"],
        ...(each.rx && each.tx
          ? [["received", countersText(each.rx)], ["sent", countersText(each.tx)]]
          : [["counters", "cannot be seen"]]),
      ])
    ).join("\n\n");
    return { text: text || "there are no network interfaces", data: { interfaces } };
  },
});

/** The addresses of the host. */
export const IP_ADDR = defineTool({
  name: "ip_addr",
  family: "network",
  description: "The addresses of the host, by network interface",
  args: { show_lo: showLoopback },
  needs: [{ fact: "interfaces" }, { kernel: "/proc/net/if_inet6", optional: true }, {
    kernel: "/proc/net/fib_trie",
    optional: true,
  }],
  reach: "host",
  async run({ show_lo }, { host }) {
    const addresses = (await hostAddresses(host)).filter(({ device }) => show_lo || device !== "lo")
      .sort((a, b) => compare(a.device ?? "~", b.device ?? "~") || compare(a.family, b.family));
    const text = table(
      columns("device", "family", "address", "scope"),
      addresses.map((row) => [
        row.device ?? "?",
        row.family,
        addressText(row),
        `${row.scope ?? ""}${row.isDuplicate ? " duplicate: somebody else has it, too" : ""}`,
      ]),
    );
    return {
      text: addresses.length === 0 ? "the host has no addresses but the loopback's" : text,
      data: {
        addresses: addresses.map(({ device, family, address, prefix, scope, isDuplicate = false }) => ({
          family,
          address,
          duplicate: isDuplicate,
          ...given({ device, prefix, scope }),
        })),
      },
    };
  },
});

async function overview(host: HostFacts, isShown: (name: string) => boolean) {
  const { interfaces, total } = await readInterfaces(host, isShown);
  const text = table(
    columns("name", "state", ">received", ">sent", ">errors", ">drops", "addresses"),
    interfaces.map(({ name, state, rx, tx, addresses }) => [
      name,
      state ?? "?",
      rx === undefined ? "?" : bytesText(rx.bytes),
      tx === undefined ? "?" : bytesText(tx.bytes),
      rx === undefined || tx === undefined ? "?" : String(rx.errors + tx.errors),
      rx === undefined || tx === undefined ? "?" : String(rx.dropped + tx.dropped),
      addresses.join(" "),
    ]),
  );
  const cut = total > interfaces.length ? `\n(the first ${interfaces.length} of ${total})` : "";
  return { text: text + cut, data: { total, interfaces } };
}

/** What is told of one interface. */
interface InterfaceDetails {
  name: string;
  addresses: string[];
  state?: string;
  speed_mbit?: number;
  duplex?: string;
  mtu?: number;
  mac?: string;
  rx?: InterfaceCounters["rx"];
  tx?: InterfaceCounters["tx"];
}

async function readInterfaces(host: HostFacts, isShown: (name: string) => boolean) {
  const [counters, addresses] = await Promise.all([
    textIfReadable(host, "/proc/net/dev").then((text) => parseNetDev(text ?? "")),
    hostAddresses(host).catch((error: unknown) => {
      if (error instanceof FactUnavailableError) return undefined;
      throw error;
    }),
  ]);
  const names = counters.size > 0
    ? [...counters.keys()]
    : [...new Set((addresses ?? []).flatMap(({ device }) => device ?? []))];
  if (names.length === 0 && addresses === undefined) {
    await host.text("/proc/net/dev"); // says why, and what would help
  }
  const shown = names.filter(isShown);
  const interfaces = await Promise.all(
    shown.slice(0, MAX_INTERFACES).map((name) => detailsOf(host, name, counters.get(name), addresses ?? [])),
  );
  interfaces.sort((a, b) => trouble(b) - trouble(a) || compare(a.name, b.name));
  return { interfaces, total: shown.length };
}

async function detailsOf(
  host: HostFacts,
  name: string,
  counters: InterfaceCounters | undefined,
  addresses: readonly HostAddress[],
): Promise<InterfaceDetails> {
  const attribute = async (file: string) => {
    if (!isPlainName(name)) return undefined;
    const text = (await textIfReadable(host, `/sys/class/net/${name}/${file}`))?.trim();
    return text === undefined || text === "" ? undefined : cleanLine(text, 64);
  };
  const [state, speed, duplex, mtu, mac] = await Promise.all(
    ["operstate", "speed", "duplex", "mtu", "address"].map(attribute),
  );
  return {
    name,
    addresses: addresses.filter(({ device }) => device === name).map(addressText),
    ...given({ state, speed_mbit: countOf(speed), duplex, mtu: countOf(mtu), mac }),
    ...(counters && { rx: counters.rx, tx: counters.tx }),
  };
}

/** What the kernel allows as the name of an interface, less what is no plain path. */
function isPlainName(name: string): boolean {
  return name !== "." && name !== ".." && !/[/\0]/.test(name);
}

function trouble({ rx, tx }: InterfaceDetails): number {
  return (rx?.errors ?? 0) + (tx?.errors ?? 0) + (rx?.dropped ?? 0) + (tx?.dropped ?? 0);
}

function countersText({ bytes, packets, errors, dropped }: InterfaceCounters["rx"]): string {
  return `${bytesText(bytes)} in ${packets} packets, ${errors} errors, ${dropped} dropped`;
}

function addressText({ address, prefix }: HostAddress): string {
  return prefix === undefined ? address : `${address}/${prefix}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
