/** The packet filter, as the programs that set it up print it. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { cleanLine } from "../host/foreign_text.ts";
import { requireSuccess, runAllowed } from "./allowed_program.ts";
import { wholeNumber } from "./arguments.ts";
import { columns, table } from "./table.ts";
import { defineTool } from "./tool.ts";

/** The packet filter's rules, counted. */
export const FIREWALL_SUMMARY = defineTool({
  name: "firewall_summary",
  family: "network",
  description:
    "The packet filter: tables, chains, their policies and how many rules each has, by nft or iptables-save",
  args: {
    table: about(
      z.optional(z.string().check(z.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, "must be a table's name"))),
      "Only this table.",
    ),
    max_lines: about(wholeNumber(100, 1, 500), "How many rules are shown at most."),
  },
  needs: [{ run: "nft" }, { run: "iptables-save" }],
  reach: "program",
  async run({ table: wanted, max_lines }, context) {
    const result = await runAllowed(
      ["nft", "iptables-save"],
      (name) => name === "nft" ? ["list", "ruleset"] : [],
      context,
    );
    requireSuccess(result);
    const tables = (result.name === "nft" ? nftTables(result.stdout) : iptablesTables(result.stdout))
      .filter(({ name }) => wanted === undefined || name === wanted);
    const rows = tables.flatMap(({ name, chains }) =>
      chains.map(({ chain, policy, rules }) => [name, chain, policy ?? "", String(rules.length)])
    );
    const rules = tables.flatMap(({ chains }) =>
      chains.flatMap(({ chain, rules }) => rules.map((rule) => `${chain}: ${rule}`))
    );
    const shown = rules.slice(0, max_lines).map((rule) => cleanLine(rule, 300));
    const cut = rules.length > shown.length ? `, ${shown.length} shown` : "";
    const head = `${rules.length} rules in ${rows.length} chains${
      wanted === undefined ? "" : ` of table ${wanted}`
    }, by ${result.name}${cut}`;
    return {
      text: rows.length === 0
        ? head
        : [head, table(columns("table", "chain", "policy", ">rules"), rows), ...shown].join("\n"),
      data: {
        program: result.name,
        tables: tables.map(({ name, chains }) => ({
          table: name,
          chains: chains.map(({ chain, policy, rules }) => ({
            chain,
            policy: policy ?? null,
            rules: rules.length,
          })),
        })),
        rules: shown,
      },
    };
  },
});

interface FilterTable {
  readonly name: string;
  readonly chains: { chain: string; policy?: string; rules: string[] }[];
}

/** What `nft list ruleset` prints: blocks within blocks, a rule on each line. */
export function nftTables(text: string): FilterTable[] {
  const tables: FilterTable[] = [];
  let inChain = false;
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    const [, name] = /^table \S+ (\S+) \{$/.exec(line) ?? [];
    const [, chain] = /^chain (\S+) \{$/.exec(line) ?? [];
    const chains = tables.at(-1)?.chains;
    if (name !== undefined) tables.push({ name, chains: [] });
    else if (chain !== undefined) {
      chains?.push({ chain, rules: [] });
      inChain = true;
    } else if (line === "}") inChain = false;
    else if (inChain && line !== "") {
      const current = chains?.at(-1);
      const [, policy] = /policy (\w+);/.exec(line) ?? [];
      if (current !== undefined && policy !== undefined) current.policy = policy;
      if (!line.startsWith("type ")) current?.rules.push(line);
    }
  }
  return tables;
}

/** What `iptables-save` prints: `*table`, `:chain policy`, `-A chain rule`. */
export function iptablesTables(text: string): FilterTable[] {
  const tables: FilterTable[] = [];
  for (const line of text.split("\n")) {
    const chains = tables.at(-1)?.chains;
    const [, chain, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    const [, into, rule] = /^(?:\[[\d:]+\] )?-A (\S+) ?(.*)/.exec(line) ?? [];
    if (line.startsWith("*")) tables.push({ name: line.slice(1).trim(), chains: [] });
    else if (chain !== undefined && policy !== undefined) {
      chains?.push({ chain, ...(policy !== "-" && { policy: policy.toLowerCase() }), rules: [] });
    } else if (into !== undefined) chains?.find(({ chain }) => chain === into)?.rules.push(rule ?? "");
  }
  return tables;
}
