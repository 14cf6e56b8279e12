import assert from "node:assert/strict";
import fc from "fast-check";
import { endpointNeeds, endpointText, readEndpoint } from "../../../lib/host/probes/endpoint.ts";
import { isGuardedAddress } from "../../../lib/host/probes/guarded_address.ts";

Deno.test("endpoints are read as people write them", () => {
  const cases: [string, string][] = [
    ["tcp://Example.org:443", "tcp://example.org:443"],
    ["db_1.internal:5432", "tcp://db_1.internal:5432"],
    ["udp://10.0.0.1:53", "udp://10.0.0.1:53"],
    ["[::1]:80", "tcp://[::1]:80"],
    ["unix:///run/x.sock", "unix:///run/x.sock"],
  ];
  for (const [text, expected] of cases) {
    const reading = readEndpoint(text);
    assert.equal("endpoint" in reading ? endpointText(reading.endpoint) : reading.problem, expected);
  }
});

Deno.test("what is no endpoint is refused with the reason", () => {
  const cases: [string, RegExp][] = [
    ["", /no host and port/],
    ["host", /no port/],
    ["host:0", /port 0/],
    ["host:65536", /port 65536/],
    ["::1:80", /no host and port/],
    ["http://x:80", /scheme "http"/],
    ["user@host:1", /no host and port/],
    ["host:80/path", /no host and port/],
    ["127.1:80", /no valid host/],
    ["1.2.3.400:80", /no valid host/],
    ["-x:80", /no host and port/],
    ["unix://relative", /no absolute path/],
    ["a b:80", /no host and port/],
  ];
  for (const [text, problem] of cases) {
    const reading = readEndpoint(text);
    assert.match("problem" in reading ? reading.problem : `took ${text}`, problem);
  }
});

Deno.test("whatever the text, reading does not throw, and what is read reads back", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const reading = readEndpoint(text, { defaultPort: 1 });
    if ("endpoint" in reading) assert.deepEqual(readEndpoint(endpointText(reading.endpoint)), reading);
  }));
});

Deno.test("UDP needs a socket of its own besides", () => {
  assert.deepEqual(endpointNeeds({ transport: "udp", host: "10.0.0.1", port: 53 }), [
    { net: "10.0.0.1:53" },
    { net: "0.0.0.0:0" },
  ]);
  assert.deepEqual(endpointNeeds({ transport: "tcp", host: "::1", port: 53 }), [{ net: "[::1]:53" }]);
});

Deno.test("link-local and metadata addresses are guarded in every spelling", () => {
  const guarded = [
    ...["169.254.0.1", "169.254.169.254", "fe80::1", "FEBF::1", "fe80::1%eth0", "fd00:ec2::254"],
    ...["::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "0:0:0:0:0:ffff:a9fe:1", "64:ff9b::169.254.169.254"],
    ...["2002:a9fe:a9fe::1", "::169.254.169.254", "fd00:0ec2:0:0:0:0:0:254"],
  ];
  for (const address of guarded) assert.equal(isGuardedAddress(address), true, address);
  const others = [
    "127.0.0.1",
    "10.0.0.1",
    "169.253.1.1",
    "::1",
    "fec0::1",
    "fd00:ec2::255",
    "2001:db8::a9fe:1",
    "",
  ];
  for (const address of others) assert.equal(isGuardedAddress(address), false, address);
});
