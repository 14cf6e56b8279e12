import assert from "node:assert/strict";
import fc from "fast-check";
import {
  infoNumber,
  parseClientList,
  parseClusterNodes,
  parseRedisInfo,
  parseReplicas,
} from "../../../lib/host/probes/redis_info.ts";

const INFO = [
  "# Replication",
  "role:master",
  "connected_slaves:2",
  "slave0:ip=10.0.0.2,port=6379,state=online,offset=90,lag=1",
  "slave1:ip=fd00::2,port=6379,state=wait_bgsave,offset=x,lag=",
  "slave2:nothing",
  "master_repl_offset:100",
  "mem_fragmentation_ratio:1.25",
  "",
].join("\r\n");

const NODES =
  `07c37dfeb235213a872192d90877d0cd55635b91 127.0.0.1:30004@31004,host slave e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca 0 1426238317239 4 connected
67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1 127.0.0.1:30002@31002 master - 0 1426238316232 2 connected 5461-10922
e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca ::1:30001@31001 myself,master - 0 0 1 connected 0-5460 7000 [93->-67ed2db8]
824fe116063bc5fcf9f4ffd895bc17aee7731ac3 :0@0 master,fail,noaddr - 1426238316232 1426238316232 3 disconnected
`;

Deno.test("INFO's fields are read; headings and what is no field are skipped", () => {
  const info = parseRedisInfo(INFO);
  assert.equal(info.get("role"), "master");
  assert.equal(infoNumber(info, "mem_fragmentation_ratio"), 1.25);
  assert.equal(infoNumber(info, "role"), undefined);
  assert.equal(infoNumber(info, "missing"), undefined);
  assert.equal(info.size, 7);
});

Deno.test("a master's replicas are read; figures that are none are left out", () => {
  assert.deepEqual(parseReplicas(parseRedisInfo(INFO)), [
    { address: "10.0.0.2:6379", state: "online", offset: 90, lagSec: 1 },
    { address: "[fd00::2]:6379", state: "wait_bgsave" },
  ]);
});

Deno.test("a cluster's nodes are read, with the slots that they serve", () => {
  const nodes = parseClusterNodes(NODES);
  assert.deepEqual(nodes.map(({ address, slots, linked }) => [address, slots, linked]), [
    ["127.0.0.1:30004", 0, true],
    ["127.0.0.1:30002", 5462, true],
    ["[::1]:30001", 5462, true],
    ["", 0, false],
  ]);
  assert.equal(nodes[0]?.masterId, "e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca");
  assert.deepEqual(nodes[3]?.flags, ["master", "fail", "noaddr"]);
});

Deno.test("clients are read; a value may hold an equals sign", () => {
  const [first, ...others] = parseClientList("id=3 addr=127.0.0.1:1 name=a=b cmd=client|list\nnoise\n\n");
  assert.deepEqual(first, { id: "3", addr: "127.0.0.1:1", name: "a=b", cmd: "client|list" });
  assert.deepEqual(others, []);
});

Deno.test("no text makes the parsers throw or give a figure that is none", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.tuple(fc.constantFrom(INFO, NODES), fc.nat(600), fc.string({ maxLength: 5 })).map((
      [text, at, noise],
    ) => text.slice(0, at) + noise + text.slice(at + noise.length)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const info = parseRedisInfo(text);
      for (const name of info.keys()) assert.ok(!Number.isNaN(infoNumber(info, name)));
      for (const { offset, lagSec } of parseReplicas(info)) {
        assert.ok(!Number.isNaN(offset) && !Number.isNaN(lagSec));
      }
      for (const { slots } of parseClusterNodes(text)) assert.ok(slots >= 0);
      parseClientList(text);
    }),
    { numRuns: 1000 },
  );
});
