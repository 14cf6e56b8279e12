import assert from "node:assert/strict";
import { NTP_CHECK } from "../../lib/checks/ntp.ts";
import { encodeNtpTime } from "../../lib/host/probes/sntp_packet.ts";
import { FakeClock } from "../fakes/fake_clock.ts";
import { until } from "../fakes/until.ts";
import { UdpServer } from "../host/probes/udp_server.ts";
import { checksOf, findingOf, findingsOf, statuses } from "./probe_rig.ts";

function timeServer(clock: FakeClock, { offsetMs = 0, stratum = 2 } = {}): Promise<UdpServer> {
  return UdpServer.listen((request) => {
    const packet = new Uint8Array(48);
    packet.set([4 << 3 | 4, stratum]);
    packet.set(request.subarray(40, 48), 24);
    packet.set(encodeNtpTime(clock.wallMs() + offsetMs), 32);
    packet.set(encodeNtpTime(clock.wallMs() + offsetMs), 40);
    return packet;
  });
}

const at = ({ port }: UdpServer) => `127.0.0.1:${port}`;

Deno.test("a clock that is right is well; one that is off is rated whichever way", async () => {
  const clock = new FakeClock();
  for (
    const [offsetMs, status] of [[20, "Ok"], [200, "Warning"], [-200, "Warning"], [-900, "Critical"]] as const
  ) {
    await using server = await timeServer(clock, { offsetMs });
    const found = await findingsOf(NTP_CHECK, { servers: [at(server)] }, clock);
    assert.deepEqual(statuses(found), { "ntp::sync": "Ok", "ntp::offset": status, "ntp::stratum": "Ok" });
    const offset = findingOf(found, "ntp::offset");
    assert.ok(Math.abs((offset.value ?? NaN) - Math.abs(offsetMs)) < 0.1);
    assert.match(offset.description, offsetMs > 0 ? /behind/ : /ahead/);
    assert.deepEqual(offset.labels, { check: "ntp::offset", target: "clock" });
  }
});

Deno.test("one server that is wrong does not decide", async () => {
  const clock = new FakeClock();
  await using wrong = await timeServer(clock, { offsetMs: 3_600_000, stratum: 12 });
  await using right = await timeServer(clock, { offsetMs: 5 });
  await using other = await timeServer(clock, { offsetMs: -5 });
  const found = await findingsOf(NTP_CHECK, { servers: [at(wrong), at(right), at(other)] }, clock);
  assert.deepEqual(statuses(found), { "ntp::sync": "Ok", "ntp::offset": "Ok", "ntp::stratum": "Ok" });
});

Deno.test("servers far from a reference clock, refusing or silent are told", async () => {
  const clock = new FakeClock();
  await using far = await timeServer(clock, { stratum: 11 });
  const found = await findingsOf(NTP_CHECK, { servers: [at(far)] }, clock);
  assert.equal(findingOf(found, "ntp::stratum").status, "Warning");
  await using refusing = await timeServer(clock, { stratum: 0 });
  await using silent = await UdpServer.listen(() => undefined);
  const waiting = findingsOf(NTP_CHECK, { servers: [at(refusing), at(silent)], answer_timeout: "2s" }, clock);
  await until("it was asked", () => silent.received.length === 1 && refusing.received.length === 1);
  await clock.tick(2000);
  const [sync, ...more] = await waiting;
  assert.equal(more.length, 0);
  assert.equal(sync?.status, "Critical");
  assert.match(sync?.description ?? "", /0 of 2 .*refuses.*no answer within 2 s/);
});

Deno.test("tables that make no sense are refused", () => {
  assert.throws(() => checksOf(NTP_CHECK, {}), /servers/);
  assert.throws(
    () => checksOf(NTP_CHECK, { servers: ["a.example"], min_answers: 2 }),
    /wants 2 answers of 1/,
  );
  assert.throws(() => checksOf(NTP_CHECK, { servers: ["http://a.example"] }), /scheme/);
});
