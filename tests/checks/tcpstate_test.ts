import assert from "node:assert/strict";
import { TCPSTATE_CHECK } from "../../lib/checks/tcpstate.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { found, gather, makeCheck } from "./check_rig.ts";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

/** One line of the table: a connection in `state` on `port`, held under `inode`. */
function line({ state, port, inode, remote = 40_000 }: {
  state: string;
  port: number;
  inode: number;
  remote?: number;
}): string {
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(4, "0");
  return `   1: 0100007F:${hex(port)} 0100007F:${
    hex(remote)
  } ${state} 00000000:00000001 00:00000000 00000000 ` +
    ` 1000        0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`;
}

/** `count` lines, each with an inode of its own from `inode` on. */
function lines(
  count: number,
  { state, port, inode = 0 }: { state: string; port: number; inode?: number },
): string {
  return Array.from({ length: count }, (_, i) => line({ state, port, inode: inode === 0 ? 0 : inode + i }))
    .join("");
}

/** A host with this table, and processes that hold inodes. */
function host(tcp: string, holders: Record<number, number[]> = {}): FixtureFacts {
  const files: Record<string, string> = { "/proc/net/tcp": HEAD + tcp, "/proc/stat": "" };
  const links: Record<string, string> = {};
  for (const [pid, inodes] of Object.entries(holders)) {
    files[`/proc/${pid}/comm`] = `app${pid}\n`;
    for (const [index, inode] of inodes.entries()) links[`/proc/${pid}/fd/${index}`] = `socket:[${inode}]`;
  }
  return new FixtureFacts({ files, links });
}

Deno.test("few connections that are over are no alert, with IPv6 switched off, too", async () => {
  const findings = await gather(makeCheck(TCPSTATE_CHECK, {}, {
    host: host(lines(99, { state: "08", port: 80, inode: 1000 }) + lines(4999, { state: "06", port: 80 })),
  }));
  assert.deepEqual(
    findings.map(({ labels, status, value }) => [labels.check, labels.target, status, value]),
    [
      ["tcpstate::close_wait", "tcp", "Ok", 99],
      ["tcpstate::time_wait", "tcp", "Ok", 4999],
    ],
  );
});

Deno.test("the table of IPv6 is read unless the kernel counts nothing that could be in it", async () => {
  const reads = async (inuse: number, tw: number) => {
    const facts = host(lines(3, { state: "06", port: 80 }));
    facts.facts = {
      ...facts.facts,
      files: {
        ...facts.facts.files,
        "/proc/net/sockstat": `TCP: inuse 1 orphan 0 tw ${tw} alloc 1 mem 0\n`,
        "/proc/net/sockstat6": `TCP6: inuse ${inuse}\n`,
      },
    };
    const text = facts.text.bind(facts);
    const paths: string[] = [];
    facts.text = (path) => {
      paths.push(path);
      return text(path);
    };
    const [, timeWait] = await gather(makeCheck(TCPSTATE_CHECK, {}, { host: facts }));
    assert.equal(timeWait?.value, 3);
    return paths.includes("/proc/net/tcp6");
  };
  assert.equal(await reads(0, 3), false);
  assert.equal(await reads(0, 2), false); // one went meanwhile
  assert.equal(await reads(1, 3), true);
  assert.equal(await reads(0, 4), true); // one of IPv6 in TIME_WAIT
});

Deno.test("a pile in CLOSE_WAIT names the program, its pid and the port", async () => {
  const inodes = Array.from({ length: 400 }, (_, i) => 1000 + i);
  const check = makeCheck(TCPSTATE_CHECK, {}, {
    host: host(lines(400, { state: "08", port: 8080, inode: 1000 }), {
      12: inodes.slice(0, 300),
      30: inodes.slice(300),
    }),
  });
  const [finding] = await found(check, "tcpstate::close_wait");
  assert.equal(finding?.status, "Warning");
  assert.equal(
    finding?.description,
    "connections in CLOSE_WAIT 400 ≥ 100: app12 (pid 12) holds 300 on port 8080; app30 (pid 30) holds 100 on port 8080",
  );
  assert.deepEqual(finding?.labels, { check: "tcpstate::close_wait", target: "tcp" });
});

Deno.test("connections that were never accepted are laid to the listener's program", async () => {
  const tcp = line({ state: "0A", port: 9000, inode: 77 }) + lines(150, { state: "08", port: 9000 });
  const [finding] = await found(
    makeCheck(TCPSTATE_CHECK, {}, { host: host(tcp, { 5: [77] }) }),
    "tcpstate::close_wait",
  );
  assert.match(finding?.description ?? "", /: app5 \(pid 5\) has 150 not accepted on port 9000$/);
});

Deno.test("a client's connections, each on a port of its own, are one holder", async () => {
  const tcp = Array.from(
    { length: 120 },
    (_, i) => line({ state: "08", port: 40_000 + i, inode: 500 + i, remote: 443 }),
  );
  const inodes = Array.from({ length: 120 }, (_, i) => 500 + i);
  const check = makeCheck(TCPSTATE_CHECK, {}, { host: host(tcp.join(""), { 5: inodes }) });
  const [finding] = await found(check, "tcpstate::close_wait");
  assert.match(finding?.description ?? "", /: app5 \(pid 5\) holds 120 on many ports$/);
});

Deno.test("TIME_WAIT has thresholds of its own", async () => {
  const check = makeCheck(TCPSTATE_CHECK, { time_wait: { warn_ge: 10, critical_ge: 20 } }, {
    host: host(lines(20, { state: "06", port: 80 })),
  });
  assert.equal((await found(check, "tcpstate::time_wait"))[0]?.status, "Critical");
});

Deno.test("the processes are looked through at most once a minute, and again when it gets worse", async () => {
  const clock = new FakeClock();
  const facts = host(lines(150, { state: "08", port: 80, inode: 1000 }), { 12: [1000] });
  const list = facts.list.bind(facts);
  let scans = 0;
  facts.list = (path) => {
    if (path === "/proc") scans++;
    return list(path);
  };
  const check = makeCheck(TCPSTATE_CHECK, {}, { clock, host: facts });
  const texts = [];
  for (let look = 0; look < 6; look++) {
    texts.push((await gather(check))[0]?.attrs.held_by);
    await clock.tick(9000);
  }
  assert.equal(scans, 1);
  assert.equal(new Set(texts).size, 1);
  facts.facts = host(lines(1000, { state: "08", port: 80, inode: 1000 }), { 12: [1000] }).facts;
  assert.equal((await gather(check))[0]?.status, "Critical");
  assert.equal(scans, 2);
  await clock.tick(60_000);
  await gather(check);
  assert.equal(scans, 3);
});

Deno.test("who holds them is said to be unknown where processes must not be looked at", async () => {
  const facts = host(lines(100, { state: "08", port: 80, inode: 1000 }));
  facts.list = () => Promise.reject(new FactUnavailableError("not permitted"));
  const [finding] = await gather(makeCheck(TCPSTATE_CHECK, {}, { host: facts }));
  assert.match(finding?.description ?? "", /100 ≥ 100: who holds them is not known: not permitted$/);
});

Deno.test("a search that is aborted rejects", async () => {
  const facts = host(lines(100, { state: "08", port: 80, inode: 1000 }), { 5: [1] });
  const check = makeCheck(TCPSTATE_CHECK, {}, { host: facts });
  await assert.rejects(check.gather(AbortSignal.abort(new Error("enough"))), /enough/);
});

Deno.test("where the table cannot be read, the check is unavailable", async () => {
  await assert.rejects(gather(makeCheck(TCPSTATE_CHECK, {})), FactUnavailableError);
});
