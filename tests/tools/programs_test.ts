import assert from "node:assert/strict";
import fc from "fast-check";
import * as z from "zod/mini";
import { systemClock } from "../../lib/clock.ts";
import { addressOf, parseSocketDetails } from "../../lib/host/net/socket_details.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { PROGRAMS_TOOLS } from "../../lib/tools/programs.ts";
import { FIREWALL_SUMMARY, iptablesTables, nftTables } from "../../lib/tools/programs_firewall.ts";
import { CONN_LATENCY_SUMMARY, PING_CHECK, SS_DETAIL, TRACEROUTE } from "../../lib/tools/programs_network.ts";
import {
  COREDUMP_LIST,
  DMESG_RECENT,
  JOURNAL_QUERY,
  LVM_STATUS,
  parseRawKernelLog,
  SELINUX_STATUS,
} from "../../lib/tools/programs_system.ts";
import type { ToolContext, ToolDefinition } from "../../lib/tools/tool.ts";

function contextOf(
  allowRun: readonly string[],
  facts: ConstructorParameters<typeof FixtureFacts>[0] = {},
): ToolContext {
  return {
    host: new FixtureFacts(facts),
    clock: systemClock,
    signal: AbortSignal.timeout(30_000),
    logRoots: [],
    allowRun,
  };
}

function run<Shape extends z.core.$ZodShape, Data>(
  tool: ToolDefinition<Shape, Data>,
  args: Record<string, unknown>,
  context: ToolContext,
) {
  return tool.run(z.strictObject(tool.args).parse(args), context);
}

/** A test of a tool with the program that it runs; skipped where that is not installed. */
function withProgram(name: string, program: string, fn: (context: ToolContext) => Promise<void>): void {
  let installed = true;
  try {
    Deno.statSync(program);
  } catch {
    installed = false;
  }
  Deno.test({
    name: `${name}${installed ? "" : ` (skipped: ${program} is not installed)`}`,
    ignore: !installed,
    fn: () => fn(contextOf([program], { uptimeSec: 1e9 })),
  });
}

Deno.test("a program that the configuration does not name is not run, and the message says how to allow it", async () => {
  const required: Record<string, Record<string, unknown>> = {
    ping_check: { host: "127.0.0.1" },
    traceroute: { host: "127.0.0.1" },
    journal_query: { unit: "x" },
  };
  for (const tool of PROGRAMS_TOOLS as readonly ToolDefinition[]) {
    if (tool.reach !== "program") continue;
    await assert.rejects(
      run(tool, required[tool.name] ?? {}, contextOf(["/opt/bin/sh", "/tmp/ss", "ss"])),
      (error) =>
        error instanceof FactUnavailableError &&
        /\[remote\] allow_run = \["\/usr\/bin\/[a-z-]+"\]$/.test(error.message),
      tool.name,
    );
  }
});

Deno.test("a program that is allowed and not installed is told", async () => {
  await assert.rejects(run(COREDUMP_LIST, {}, contextOf(["/usr/local/sbin/coredumpctl"])), {
    name: "FactUnavailableError",
    message: "cannot run /usr/local/sbin/coredumpctl: it is not installed",
  });
});

Deno.test("no argument can become an option or a command", () => {
  const refused: [tool: ToolDefinition, args: Record<string, unknown>][] = [
    [PING_CHECK as ToolDefinition, { host: "-f" }],
    [PING_CHECK as ToolDefinition, { host: "a b" }],
    [PING_CHECK as ToolDefinition, { host: "a;b" }],
    [PING_CHECK as ToolDefinition, { host: "a\nb" }],
    [PING_CHECK as ToolDefinition, { host: "127.0.0.1", count: "1e3" }],
    [TRACEROUTE as ToolDefinition, { host: "--help" }],
    [JOURNAL_QUERY as ToolDefinition, { unit: "--file=/etc/shadow" }],
    [JOURNAL_QUERY as ToolDefinition, { unit: "a*" }],
    [JOURNAL_QUERY as ToolDefinition, { unit: "a", since: "yesterday" }],
    [JOURNAL_QUERY as ToolDefinition, { unit: "a", priority: "0..7" }],
    [SS_DETAIL as ToolDefinition, { state: "established; id" }],
    [SS_DETAIL as ToolDefinition, { port: "80 )" }],
    [FIREWALL_SUMMARY as ToolDefinition, { table: "-f" }],
    [DMESG_RECENT as ToolDefinition, { level: "--clear" }],
  ];
  for (const [tool, args] of refused) {
    assert.equal(z.strictObject(tool.args).safeParse(args).success, false, JSON.stringify(args));
  }
});

/** A connection on loopback that some bytes went over. */
async function withConnection(fn: (port: number) => Promise<void>): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = (listener.addr as Deno.NetAddr).port;
  using client = await Deno.connect({ hostname: "127.0.0.1", port });
  using server = await listener.accept();
  await client.write(new Uint8Array(1000));
  await server.read(new Uint8Array(1000));
  await fn(port);
}

withProgram(
  "connections are shown as ss shows them",
  "/usr/bin/ss",
  (context) =>
    withConnection(async (port) => {
      const { text, data } = await run(SS_DETAIL, { port: String(port) }, context);
      assert.equal(data.connections, 2);
      assert.match(
        text,
        new RegExp(`^2 connections in established with port ${port}\\n.*127\\.0\\.0\\.1:${port}`),
      );
      assert.match(text, /rtt:/);
      assert.equal((await run(SS_DETAIL, { port: "1", state: "listening" }, context)).data.connections, 0);
    }),
);

withProgram("round trips are summed up by peer", "/usr/bin/ss", (context) =>
  withConnection(async (port) => {
    const { text, data } = await run(CONN_LATENCY_SUMMARY, { port }, context);
    assert.equal(data.connections, 2);
    assert.equal(data.peers[0]?.peer, "127.0.0.1");
    assert.ok((data.peers[0]?.rtt_max_ms ?? -1) > 0);
    assert.match(text, /^2 established connections to 1 peers\n.*\n +2 .* ms .* 127\.0\.0\.1$/);
  }));

withProgram(
  "the kernel's messages are those at least as bad as asked for",
  "/usr/bin/dmesg",
  async (context) => {
    const all = (await run(DMESG_RECENT, { level: "debug", max_lines: 1000 }, context)).data;
    const bad = (await run(DMESG_RECENT, { level: "warning", max_lines: 1000 }, context)).data;
    assert.ok(all.messages.length >= bad.messages.length);
    assert.deepEqual(
      bad.messages.map(({ level }) => level).filter((level) =>
        !["emerg", "alert", "crit", "err", "warning"].includes(level)
      ),
      [],
    );
    assert.equal((await run(DMESG_RECENT, { since: "1s" }, context)).data.messages_total, 0);
  },
);

Deno.test("the kernel's raw log is read; a warning's query shows what is worse, too", () => {
  const records = parseRawKernelLog(
    "<4>[    1.5] warned\n<3>[  12.000001] failed\n<30>[13.25] info of a daemon\nnoise\n<2>[x] no\n",
  );
  assert.deepEqual(records.map(({ level, atSec, text }) => [level, atSec, text]), [
    ["warning", 1.5, "warned"],
    ["err", 12.000001, "failed"],
    ["info", 13.25, "info of a daemon"],
  ]);
});

for (const program of ["/usr/bin/ping", "/bin/ping"]) {
  withProgram(
    `a host that answers is told from one that does not, by ${program}`,
    program,
    async (context) => {
      const { text, data } = await run(PING_CHECK, { host: "127.0.0.1", count: 2 }, context);
      assert.deepEqual([data.sent, data.received, data.loss_pct], [2, 2, 0]);
      assert.match(text, /^127\.0\.0\.1: 2 of 2 packets came back, 0 % lost, round trip [\d.]+ ms shortest/);
      await assert.rejects(
        run(PING_CHECK, { host: "no-such-host.invalid" }, context),
        /cannot use what ping says/,
      );
    },
  );
}

withProgram("the way to a host is shown", "/usr/bin/traceroute", async (context) => {
  const { data } = await run(TRACEROUTE, { host: "127.0.0.1", max_hops: 3 }, context);
  assert.equal(data.hops[0]?.address, "127.0.0.1");
  assert.equal(data.hops.length, 1);
});

withProgram("a unit that wrote nothing has no lines", "/usr/bin/journalctl", async (context) => {
  const { data, text } = await run(JOURNAL_QUERY, { unit: "pawl-no-such-unit", since: "1h" }, context);
  assert.deepEqual(data.lines, []);
  assert.match(text, /^0 lines of pawl-no-such-unit at info or worse/);
});

withProgram("the packet filter is read by nft", "/usr/sbin/nft", async (context) => {
  assert.equal((await run(FIREWALL_SUMMARY, {}, context)).data.program, "nft");
});

Deno.test("what nft and iptables print is taken apart", () => {
  const nft = `table inet filter {
	set blocked {
		type ipv4_addr
		elements = { 10.0.0.1 }
	}

	chain input {
		type filter hook input priority filter; policy drop;
		ct state established accept
		tcp dport { 22, 80 } accept
	}

	chain own {
	}
}
table ip nat {
	chain post {
		masquerade
	}
}`;
  assert.deepEqual(nftTables(nft), [
    {
      name: "filter",
      chains: [
        {
          chain: "input",
          policy: "drop",
          rules: ["ct state established accept", "tcp dport { 22, 80 } accept"],
        },
        { chain: "own", rules: [] },
      ],
    },
    { name: "nat", chains: [{ chain: "post", rules: ["masquerade"] }] },
  ]);
  const iptables =
    "# made\n*filter\n:INPUT DROP [10:200]\n:own - [0:0]\n-A INPUT -i lo -j ACCEPT\n[5:60] -A own -j LOG\nCOMMIT\n";
  assert.deepEqual(iptablesTables(iptables), [{
    name: "filter",
    chains: [{ chain: "INPUT", policy: "drop", rules: ["-i lo -j ACCEPT"] }, {
      chain: "own",
      rules: ["-j LOG"],
    }],
  }]);
});

Deno.test({
  name: "without volumes LVM has none to show, and both of its programs have to be allowed",
  ignore: !["vgs", "lvs"].every((name) => {
    try {
      return Deno.statSync(`/usr/sbin/${name}`).isFile;
    } catch {
      return false; // lvm2 is not installed
    }
  }),
  async fn() {
    const { text, data } = await run(LVM_STATUS, {}, contextOf(["/usr/sbin/vgs", "/usr/sbin/lvs"]));
    assert.equal(
      text.split("\n")[0],
      `${data.groups.length} volume groups, ${data.volumes.length} logical volumes`,
    );
    await assert.rejects(
      run(LVM_STATUS, {}, contextOf(["/usr/sbin/vgs"])),
      /cannot run lvs: the configuration/,
    );
  },
});

Deno.test("mandatory access control is told from the kernel's own files, without any program", async () => {
  const files = { "/sys/fs/selinux/enforce": "1", "/sys/module/apparmor/parameters/enabled": "N\n" };
  const { text, data } = await run(SELINUX_STATUS, {}, contextOf([], { files }));
  assert.deepEqual(data, { selinux: "enforcing", apparmor: "disabled" });
  assert.match(text, /denials were not looked for: allow ausearch/);
  assert.deepEqual((await run(SELINUX_STATUS, {}, contextOf([], { files: {} }))).data, {
    selinux: "not there",
    apparmor: "not there",
  });
});

Deno.test("property: any text of ss and of the filters is read", () => {
  const real =
    "0      0      127.0.0.1:40055 [::1]:58546 bbr wscale:10,10 rtt:0.027/0.013 retrans:0/3 minrtt:0.027\n";
  const [parsed] = parseSocketDetails(real);
  assert.deepEqual(parsed, {
    local: "127.0.0.1:40055",
    peer: "[::1]:58546",
    receiveBytes: 0,
    sendBytes: 0,
    rttMs: 0.027,
    rttVarMs: 0.013,
    minRttMs: 0.027,
    retransmits: 3,
  });
  assert.equal(addressOf("[::1]:58546"), "[::1]");
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.tuple(fc.nat(real.length), fc.string({ maxLength: 5 })).map(([at, cut]) =>
      real.slice(0, at) + cut + real.slice(at + 2)
    ),
  );
  fc.assert(fc.property(text, (text) => {
    for (const one of parseSocketDetails(text)) {
      for (const value of Object.values(one)) assert.ok(typeof value === "string" || Number.isFinite(value));
    }
    nftTables(text);
    iptablesTables(text);
    for (const { atSec } of parseRawKernelLog(text)) assert.ok(Number.isFinite(atSec));
  }));
});
