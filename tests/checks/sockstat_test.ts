import assert from "node:assert/strict";
import { SOCKSTAT_CHECK } from "../../lib/checks/sockstat.ts";
import { FixtureFacts } from "../../lib/host/fixture.ts";
import { FactUnavailableError } from "../../lib/host/host_facts.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { netFiles } from "../host/net/net_tree.ts";
import { gather, makeCheck } from "./check_rig.ts";

const files = netFiles("net_busy");
const links = { "/proc/77/fd/3": "socket:[50100]" };

function netstat(overflows: number): string {
  return `TcpExt: ListenOverflows ListenDrops\nTcpExt: ${overflows} ${overflows + 1}\n`;
}

async function rigAfterFirst() {
  const clock = new FakeClock();
  const host = new FixtureFacts();
  const set = (overflows: number, tcp = files["/proc/net/tcp"] ?? "") => {
    host.facts = {
      links,
      files: {
        ...files,
        "/proc/net/netstat": netstat(overflows),
        "/proc/net/tcp": tcp,
        "/proc/77/comm": "shop\n",
      },
    };
  };
  set(41);
  const check = makeCheck(SOCKSTAT_CHECK, {}, { clock, host });
  const gathering = gather(check);
  await clock.tick(1000);
  return { clock, check, set, first: await gathering };
}

Deno.test("no overflow: well, whatever was counted since boot", async () => {
  const { first } = await rigAfterFirst();
  assert.equal(first.length, 1);
  assert.deepEqual([first[0]?.status, first[0]?.value, first[0]?.labels], [
    "Ok",
    0,
    { check: "sockstat::listen_overflow", target: "tcp" },
  ]);
});

Deno.test("an overflow names the listener whose queue is not empty, its program and its pid", async () => {
  const { clock, check, set } = await rigAfterFirst();
  await clock.tick(10_000);
  set(44);
  const [finding] = await gather(check);
  assert.deepEqual([finding?.status, finding?.value], ["Warning", 3]);
  assert.equal(
    finding?.description,
    "accept queue overflows 3 per minute ≥ 1 per minute: 0.0.0.0:8080 (shop, pid 77) has 3 waiting to be accepted",
  );
  assert.deepEqual(finding?.labels, { check: "sockstat::listen_overflow", target: "tcp" });
});

Deno.test("an overflow whose queue is empty again says so; a minute later all is well", async () => {
  const { clock, check, set } = await rigAfterFirst();
  await clock.tick(10_000);
  set(200, "  sl  local_address\n");
  const [finding] = await gather(check);
  assert.equal(finding?.status, "Critical");
  assert.match(finding?.description ?? "", /no listener has connections waiting just now$/);
  await clock.tick(30_000);
  assert.equal((await gather(check))[0]?.status, "Critical");
  await clock.tick(31_000);
  assert.equal((await gather(check))[0]?.status, "Ok");
});

Deno.test("the overflow is told also where the table of sockets must not be read", async () => {
  const clock = new FakeClock();
  const host = new FixtureFacts({ files: { "/proc/net/netstat": netstat(0) } });
  const text = host.text.bind(host);
  host.text = (path, options) =>
    path === "/proc/net/netstat"
      ? text(path, options)
      : Promise.reject(new FactUnavailableError("not permitted"));
  const check = makeCheck(SOCKSTAT_CHECK, {}, { clock, host });
  const gathering = gather(check);
  await clock.tick(1000);
  await gathering;
  await clock.tick(1000);
  host.facts = { files: { "/proc/net/netstat": netstat(9) } };
  const [finding] = await gather(check);
  assert.match(finding?.description ?? "", /9 per minute.*which listener is not known: not permitted/);
});

Deno.test("a kernel that does not count overflows gives no finding; one that shows nothing is unavailable", async () => {
  const host = new FixtureFacts({ files: { "/proc/net/netstat": "TcpExt: A\nTcpExt: 1\n" } });
  assert.deepEqual(await gather(makeCheck(SOCKSTAT_CHECK, {}, { host })), []);
  await assert.rejects(gather(makeCheck(SOCKSTAT_CHECK, {})), FactUnavailableError);
});
