/** The wire format of D-Bus: method calls written, little endian. Pure. */

/** A method call to be written. Arguments are strings, which is all that asking takes. */
export interface DbusCall {
  readonly serial: number;
  readonly destination?: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args?: readonly string[];
}

const ENDIAN_LITTLE = 0x6c;

/** Writes a method call. */
export function encodeDbusCall(call: DbusCall): Uint8Array {
  const { serial, destination, path, interface: interfaceName, member, args = [] } = call;
  const body = new Writer();
  for (const arg of args) body.text(arg);
  const head = new Writer();
  for (const byte of [ENDIAN_LITTLE, 1, 0, 1]) head.byte(byte);
  head.uint32(body.length);
  head.uint32(serial);
  const fields: [code: number, signature: string, value: string][] = [
    [1, "o", path],
    [2, "s", interfaceName],
    [3, "s", member],
  ];
  if (destination !== undefined) fields.push([6, "s", destination]);
  if (args.length > 0) fields.push([8, "g", "s".repeat(args.length)]);
  const lengthAt = head.length;
  head.uint32(0);
  for (const [code, signature, value] of fields) {
    head.align(8);
    head.byte(code);
    head.signature(signature);
    if (signature === "g") head.signature(value);
    else head.text(value);
  }
  head.patch(lengthAt, head.length - lengthAt - 4);
  head.align(8);
  return Uint8Array.from([...head.bytes, ...body.bytes]);
}

class Writer {
  readonly bytes: number[] = [];

  get length(): number {
    return this.bytes.length;
  }

  align(boundary: number): void {
    while (this.bytes.length % boundary !== 0) this.bytes.push(0);
  }

  byte(value: number): void {
    this.bytes.push(value);
  }

  uint32(value: number): void {
    this.align(4);
    this.bytes.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff);
  }

  patch(at: number, value: number): void {
    this.bytes.splice(
      at,
      4,
      value & 0xff,
      (value >>> 8) & 0xff,
      (value >>> 16) & 0xff,
      (value >>> 24) & 0xff,
    );
  }

  text(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.uint32(encoded.byteLength);
    this.bytes.push(...encoded, 0);
  }

  signature(value: string): void {
    this.bytes.push(value.length, ...new TextEncoder().encode(value), 0);
  }
}
