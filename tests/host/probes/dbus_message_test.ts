import assert from "node:assert/strict";
import fc from "fast-check";
import { dbusMessageBytes, DbusVariant, decodeDbusMessage } from "../../../lib/host/probes/dbus_message.ts";
import { encodeDbusCall } from "../../../lib/host/probes/dbus_call.ts";
import { dbusMessage, DbusWriter } from "../../fakes/dbus_writer.ts";

const SIGNATURE = "ybnqiuxtsogasa{sv}(s(ib))av";
const BODY = [
  255,
  true,
  -2,
  65_535,
  -70_000,
  4_000_000_000,
  -5n,
  18_446_744_073_709_551_615n,
  "text ä",
  "/a/b",
  "a{sv}",
  ["x", "", "yz"],
  [["key", ["t", 7n]], ["list", ["as", ["q"]]]],
  ["s", [-1, false]],
  [["y", 1], ["(su)", ["in", 2]]],
];
const EXPECTED = [
  ...BODY.slice(0, 12),
  [["key", new DbusVariant("t", 7n)], ["list", new DbusVariant("as", ["q"])]],
  ["s", [-1, false]],
  [new DbusVariant("y", 1), new DbusVariant("(su)", ["in", 2])],
];

Deno.test("values of every type are read, in either byte order", () => {
  for (const little of [true, false]) {
    const bytes = dbusMessage({
      type: 2,
      serial: 9,
      replySerial: 4,
      signature: SIGNATURE,
      body: BODY,
      little,
    });
    assert.equal(dbusMessageBytes(bytes.subarray(0, 16), 4096), bytes.length);
    const { body, ...head } = decodeDbusMessage(bytes);
    assert.deepEqual(head, { type: 2, serial: 9, replySerial: 4, signature: SIGNATURE });
    assert.deepEqual(body, EXPECTED);
  }
});

Deno.test("a call is written as the specification has it", () => {
  const call = encodeDbusCall({
    serial: 258,
    destination: "a.b",
    path: "/a",
    interface: "i.f",
    member: "M",
    args: ["one", "äö"],
  });
  const body = new DbusWriter().write("ss", ["one", "äö"]);
  const expected = new DbusWriter().write("yyyyuua(yv)", [0x6c, 1, 0, 1, body.bytes.length, 258, [
    [1, ["o", "/a"]],
    [2, ["s", "i.f"]],
    [3, ["s", "M"]],
    [6, ["s", "a.b"]],
    [8, ["g", "ss"]],
  ]]);
  expected.align(8);
  assert.deepEqual([...call], [...expected.bytes, ...body.bytes]);
  assert.deepEqual(decodeDbusMessage(call).body, ["one", "äö"]);
});

Deno.test("a message that announces more than is allowed is refused before it comes", () => {
  const prelude = dbusMessage({ type: 2 }).slice(0, 16);
  const view = new DataView(prelude.buffer);
  view.setUint32(4, 0xffff_fff0, true);
  assert.throws(() => dbusMessageBytes(prelude, 1024), RangeError);
  view.setUint32(4, 0, true);
  view.setUint32(12, 0x0fff_ffff, true);
  assert.throws(() => dbusMessageBytes(prelude, 2 ** 31), RangeError);
  assert.throws(() => dbusMessageBytes(new Uint8Array(16), 1024), SyntaxError);
});

Deno.test("malformed signatures, lengths and nesting are refused", () => {
  const body = (signature: string, bytes: number[]) => {
    const head = new DbusWriter().write("yyyyuua(yv)", [0x6c, 2, 0, 1, bytes.length, 1, [[8, [
      "g",
      signature,
    ]]]]);
    head.align(8);
    return () => decodeDbusMessage(Uint8Array.from([...head.bytes, ...bytes]));
  };
  assert.throws(body("(s", [0, 0, 0, 0, 0]), /does not close/);
  assert.throws(body("!", [0]), /malformed/);
  assert.throws(body("a", [0, 0, 0, 0]), /malformed/);
  assert.throws(body("s", [255, 255, 255, 255, 0]), /breaks off/);
  assert.throws(body("ay", [255, 255, 255, 127]), /longer than its message/);
  assert.throws(body("a()", [8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), /empty/);
  assert.throws(body("a".repeat(100) + "y", [0, 0, 0, 0]), RangeError);
  assert.throws(body("v", [2, 115, 115, 0]), /not of one type/);
  // A variant in a variant in a variant …
  assert.throws(body("v", Array.from({ length: 400 }, () => [1, 118, 0]).flat()), RangeError);
  assert.throws(body("y", [1, 2]), /length is wrong/);
});

Deno.test("arbitrary and mutated messages are read or refused in words", () => {
  const real = dbusMessage({ type: 2, replySerial: 1, signature: SIGNATURE, body: BODY });
  const mutated = fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
    .map((changes) => {
      const bytes = real.slice();
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const cut = fc.nat(real.length).map((length) => real.slice(0, length));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated, cut), (bytes) => {
      for (
        const read of [() => dbusMessageBytes(bytes.slice(0, 16), 65_536), () => decodeDbusMessage(bytes)]
      ) {
        try {
          read();
        } catch (error) {
          assert.ok(error instanceof SyntaxError || error instanceof RangeError, String(error));
        }
      }
    }),
    { numRuns: 3000 },
  );
});
