import assert from "node:assert/strict";
import fc from "fast-check";
import { askTime, median, type SntpOptions, type TimeSample } from "../../../lib/host/probes/sntp.ts";
import { encodeNtpTime, encodeSntpRequest, parseSntpReply } from "../../../lib/host/probes/sntp_packet.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";
import { until } from "../../fakes/until.ts";
import { type DatagramScript, UdpServer } from "./udp_server.ts";

/** An answer as a server gives it, except for what a test wants otherwise. */
function reply(
  request: Uint8Array,
  wallMs: number,
  change: (packet: Uint8Array) => void = () => {},
): Uint8Array {
  const packet = new Uint8Array(48);
  packet.set([4 << 3 | 4, 2, 6, 0xec]);
  packet.set([192, 0, 2, 1], 12);
  packet.set(request.subarray(40, 48), 24);
  packet.set(encodeNtpTime(wallMs), 32);
  packet.set(encodeNtpTime(wallMs), 40);
  change(packet);
  return packet;
}

async function ask(
  script: DatagramScript,
  clock: FakeClock,
  options: Partial<SntpOptions> = {},
): Promise<TimeSample> {
  await using server = await UdpServer.listen(script);
  return await askTime({
    host: "127.0.0.1",
    port: server.port,
    clock,
    signal: new AbortController().signal,
    ...options,
  });
}

Deno.test("the offset is what the server's clock is ahead", async () => {
  const clock = new FakeClock();
  for (const offsetMs of [0, 1500, -250, 86_400_000]) {
    const sample = await ask((request) => reply(request, clock.wallMs() + offsetMs), clock);
    assert.ok(Math.abs(sample.offsetMs - offsetMs) < 0.01, `${sample.offsetMs}`);
    assert.equal(sample.delayMs, 0);
    assert.equal(sample.stratum, 2);
    assert.equal(sample.reference, "192.0.2.1");
    assert.equal(sample.address, "127.0.0.1");
  }
});

Deno.test("the request is one of version 4 and tells nothing of this host", async () => {
  const clock = new FakeClock();
  let request = new Uint8Array();
  const makeNonce = () => new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
  await ask((datagram) => (request = new Uint8Array(datagram), reply(datagram, clock.wallMs())), clock, {
    makeNonce,
  });
  assert.deepEqual([...request], [0x23, ...new Array(39).fill(0), 1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("answers that are not to this request are ignored", async () => {
  const clock = new FakeClock();
  const sample = await ask((request) => [
    reply(request, 0, (packet) => packet.fill(9, 24, 32)),
    reply(request, 0, (packet) => packet[0] = 4 << 3 | 3),
    new Uint8Array(47),
    new Uint8Array(0),
    reply(request, clock.wallMs() + 40),
  ], clock);
  assert.ok(Math.abs(sample.offsetMs - 40) < 0.01);
});

Deno.test("a server that refuses, or is not set itself, is no source of time", async () => {
  const clock = new FakeClock();
  const cases: [(packet: Uint8Array) => void, RegExp][] = [
    [
      (packet) => (packet[1] = 0, packet.set(new TextEncoder().encode("RATE"), 12)),
      /refuses to tell the time \(RATE\)/,
    ],
    [(packet) => packet[0] = 3 << 6 | 4 << 3 | 4, /not synchronised/],
    [(packet) => packet[1] = 16, /not synchronised/],
    [(packet) => packet.fill(0, 40, 48), /no sound times/],
    [(packet) => packet.set(encodeNtpTime(clock.wallMs() - 5000), 40), /no sound times/],
  ];
  for (const [change, message] of cases) {
    await assert.rejects(ask((request) => reply(request, clock.wallMs(), change), clock), {
      name: "TimeRefusedError",
      message,
    });
  }
});

Deno.test("without an answer the deadline ends it", async () => {
  const clock = new FakeClock();
  await using server = await UdpServer.listen(() => undefined);
  const signal = new AbortController().signal;
  const result = askTime({ host: "127.0.0.1", port: server.port, clock, signal, timeoutMs: 3000 });
  const failed = assert.rejects(result, { name: "TimeoutError", message: "no answer within 3 s" });
  await until("the request came", () => server.received.length === 1);
  await clock.tick(3000);
  await failed;
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("times are read in whatever era is near", () => {
  for (
    const wallMs of [
      Date.UTC(2026, 0),
      Date.UTC(2036, 1, 7, 6, 28, 15),
      Date.UTC(2036, 1, 8),
      Date.UTC(2050, 0),
    ]
  ) {
    const packet = reply(encodeSntpRequest(new Uint8Array(8)), wallMs);
    const read = parseSntpReply(packet, wallMs + 3_600_000)?.transmittedMs;
    assert.ok(Math.abs((read ?? NaN) - wallMs) < 0.01, `${read} for ${wallMs}`);
  }
});

Deno.test("whatever the bytes, a packet is read without a throw or a NaN", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.double({ min: 0, max: 4e12, noNaN: true }),
      (bytes, nearMs) => {
        const read = parseSntpReply(bytes, nearMs);
        assert.equal(read === undefined, bytes.length < 48);
        if (read === undefined) return;
        for (
          const value of [
            read.stratum,
            read.leap,
            read.rootDispersionMs,
            read.receivedMs ?? 0,
            read.transmittedMs ?? 0,
          ]
        ) {
          assert.ok(Number.isFinite(value));
        }
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(read.reference, /[\u0000-\u001f\u007f-\uffff]/);
      },
    ),
  );
});

Deno.test("the median is the middle", () => {
  assert.equal(median([5]), 5);
  assert.equal(median([9, -1, 2]), 2);
  assert.equal(median([4, 1, 2, 90]), 3);
  assert.throws(() => median([]), RangeError);
});
