import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { parseCertificateFile } from "../../../lib/host/probes/certificate_file.ts";
import { ByteReader, readBody, readHead } from "../../../lib/host/probes/http_answer.ts";
import { TestAuthority } from "./test_authority.ts";

/** The bytes in pieces, as a network hands them over. */
function pieces(bytes: Uint8Array, size: number): () => Promise<Uint8Array | undefined> {
  let at = 0;
  return () => {
    const piece = bytes.subarray(at, at += size);
    return Promise.resolve(piece.length === 0 ? undefined : piece);
  };
}

async function readAll(bytes: Uint8Array, size: number): Promise<unknown> {
  const reader = new ByteReader(pieces(bytes, size));
  try {
    const head = await readHead(reader);
    const body = await readBody(reader, { head, method: "GET", maxBytes: 1000 });
    return [head.status, head.headers, Buffer.from(body.bytes).toString("latin1"), body.truncated];
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.match(error.message, /answer|chunk|peer/); // one of ours, not a TypeError of a parser gone astray
    return error.message;
  }
}

const REAL = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 Not\r\n\r\nuntil the end",
].map((text) => new TextEncoder().encode(text));

/** Real bytes with some of them exchanged. */
const mutated = (real: readonly Uint8Array[]) =>
  fc.tuple(fc.constantFrom(...real), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 })).map(
    ([bytes, changes]) => {
      const copy = Uint8Array.from(bytes);
      for (const [at, value] of changes) copy[at % copy.length] = value;
      return copy;
    },
  );

Deno.test("whatever the bytes, an HTTP answer is read or refused, the same however it is cut", async () => {
  await fc.assert(fc.asyncProperty(
    fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated(REAL)),
    fc.integer({ min: 1, max: 40 }),
    async (bytes, size) => assert.deepEqual(await readAll(bytes, size), await readAll(bytes, 10_000)),
  ));
});

Deno.test("whatever the bytes, a certificate file is read without a throw", async () => {
  await using authority = await TestAuthority.make();
  const { pem, keyPem } = await authority.issue();
  const der = Buffer.from(pem.replaceAll(/-----.*-----|\s/g, ""), "base64");
  const real = [new TextEncoder().encode(keyPem + pem + authority.rootPem), Uint8Array.from(der)];
  assert.equal(parseCertificateFile(real[0] ?? new Uint8Array()).certificates.length, 2);
  assert.equal(parseCertificateFile(real[1] ?? new Uint8Array()).certificates.length, 1);
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated(real)), (bytes) => {
    for (const { notAfterMs, notBeforeMs, subject } of parseCertificateFile(bytes).certificates) {
      assert.ok(Number.isFinite(notAfterMs) && Number.isFinite(notBeforeMs));
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(subject, /[\u0000-\u001f\u007f]/);
    }
  }));
});
