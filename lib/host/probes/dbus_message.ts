/** The wire format of D-Bus: messages read without trust. Pure. */

/** A value: structs, arrays and dictionaries of strings as arrays, pairs and objects; 64-bit integers as bigint. */
export type DbusValue = string | number | bigint | boolean | DbusValue[] | DbusVariant;

/** A value with its type. Dictionaries are arrays of `[key, value]`. */
export class DbusVariant {
  readonly signature: string;
  readonly value: DbusValue;

  constructor(signature: string, value: DbusValue) {
    this.signature = signature;
    this.value = value;
  }
}

/** A message as it came. */
export interface DbusMessage {
  /** 1 call, 2 return, 3 error, 4 signal. */
  readonly type: number;
  readonly serial: number;
  /** Which call it answers. */
  readonly replySerial?: number;
  readonly errorName?: string;
  readonly signature: string;
  readonly body: DbusValue[];
}

/** What precedes a message's header fields. */
export const DBUS_PRELUDE_BYTES = 16;

const MAX_DEPTH = 32;
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * How long the whole message is, from its first 16 bytes.
 * @throws SyntaxError for what is no message, RangeError for one of more than `maxBytes`.
 */
export function dbusMessageBytes(prelude: Uint8Array, maxBytes: number): number {
  const view = new DataView(prelude.buffer, prelude.byteOffset, prelude.byteLength);
  const little = littleEndian(prelude[0]);
  if (prelude[3] !== 1) throw new SyntaxError("this is no D-Bus message");
  const bodyBytes = view.getUint32(4, little);
  const fieldBytes = view.getUint32(12, little);
  const total = align(DBUS_PRELUDE_BYTES + fieldBytes, 8) + bodyBytes;
  if (fieldBytes > MAX_HEADER_BYTES || total > maxBytes) {
    throw new RangeError(`a D-Bus message of ${total} bytes is larger than ${maxBytes}`);
  }
  return total;
}

/** Reads one whole message. @throws SyntaxError or RangeError for bytes that are none. */
export function decodeDbusMessage(bytes: Uint8Array): DbusMessage {
  const reader = new Reader(bytes, littleEndian(bytes[0]));
  const [, type, , , bodyBytes, serial, fields] = reader.struct("yyyyuua(yv)", 0) as [
    number,
    number,
    number,
    number,
    number,
    number,
    [number, DbusVariant][],
  ];
  reader.align(8);
  const field = (code: number) => fields.find(([key]) => key === code)?.[1].value;
  const replySerial = field(5);
  const errorName = field(4);
  const signatureField = field(8);
  const signature = typeof signatureField === "string" ? signatureField : "";
  if (reader.at + bodyBytes !== bytes.byteLength) throw new SyntaxError("a D-Bus message's length is wrong");
  const body = reader.struct(signature, 0);
  if (reader.at !== bytes.byteLength) throw new SyntaxError("a D-Bus message's length is wrong");
  return {
    type,
    serial,
    ...(typeof replySerial === "number" && { replySerial }),
    ...(typeof errorName === "string" && { errorName }),
    signature,
    body,
  };
}

/** `l` or `B`. */
function littleEndian(mark: number | undefined): boolean {
  if (mark === 0x6c) return true;
  if (mark === 0x42) return false;
  throw new SyntaxError("this is no D-Bus message");
}

function align(at: number, boundary: number): number {
  return Math.ceil(at / boundary) * boundary;
}

/** By type code: alignment. */
const ALIGNMENT: Readonly<Record<string, number>> = {
  y: 1,
  g: 1,
  v: 1,
  n: 2,
  q: 2,
  b: 4,
  i: 4,
  u: 4,
  h: 4,
  s: 4,
  o: 4,
  a: 4,
  x: 8,
  t: 8,
  d: 8,
  "(": 8,
  "{": 8,
};

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #decoder = new TextDecoder();

  constructor(bytes: Uint8Array, little: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = little;
  }

  align(boundary: number): void {
    this.at = align(this.at, boundary);
  }

  /** The values of a signature's types, one after the other. */
  struct(signature: string, depth: number): DbusValue[] {
    const values: DbusValue[] = [];
    for (let from = 0; from < signature.length;) {
      const to = typeEnd(signature, from, depth);
      values.push(this.#value(signature.slice(from, to), depth));
      from = to;
    }
    return values;
  }

  #value(type: string, depth: number): DbusValue {
    if (depth > MAX_DEPTH) throw new RangeError(`a D-Bus value nests deeper than ${MAX_DEPTH}`);
    const code = type.charAt(0);
    const boundary = ALIGNMENT[code];
    if (boundary === undefined) throw new SyntaxError(`a D-Bus value has the type ${JSON.stringify(code)}`);
    this.align(boundary);
    switch (code) {
      case "y":
        return this.#view.getUint8(this.#take(1));
      case "b":
        return this.#view.getUint32(this.#take(4), this.#little) !== 0;
      case "n":
        return this.#view.getInt16(this.#take(2), this.#little);
      case "q":
        return this.#view.getUint16(this.#take(2), this.#little);
      case "i":
        return this.#view.getInt32(this.#take(4), this.#little);
      case "u":
      case "h":
        return this.#view.getUint32(this.#take(4), this.#little);
      case "x":
        return this.#view.getBigInt64(this.#take(8), this.#little);
      case "t":
        return this.#view.getBigUint64(this.#take(8), this.#little);
      case "d":
        return this.#view.getFloat64(this.#take(8), this.#little);
      case "s":
      case "o":
        return this.#text(this.#view.getUint32(this.#take(4), this.#little));
      case "g":
        return this.#text(this.#view.getUint8(this.#take(1)));
      case "v": {
        const signature = this.#text(this.#view.getUint8(this.#take(1)));
        if (signature === "" || typeEnd(signature, 0, depth) !== signature.length) {
          throw new SyntaxError("a D-Bus variant is not of one type");
        }
        return new DbusVariant(signature, this.#value(signature, depth + 1));
      }
      case "a":
        return this.#array(type.slice(1), depth);
      default:
        return this.struct(type.slice(1, -1), depth + 1);
    }
  }

  #array(type: string, depth: number): DbusValue[] {
    const length = this.#view.getUint32(this.#take(4), this.#little);
    this.align(ALIGNMENT[type.charAt(0)] ?? 1);
    const end = this.at + length;
    if (end > this.#bytes.byteLength) throw new SyntaxError("a D-Bus array is longer than its message");
    const values: DbusValue[] = [];
    while (this.at < end) {
      const before = this.at;
      values.push(this.#value(type, depth + 1));
      // A struct of nothing takes no bytes: its array would never end.
      if (this.at === before) throw new SyntaxError("a D-Bus array's elements are empty");
    }
    if (this.at !== end) throw new SyntaxError("a D-Bus array's length is wrong");
    return values;
  }

  #text(length: number): string {
    const from = this.#take(length + 1);
    return this.#decoder.decode(this.#bytes.subarray(from, from + length));
  }

  /** Where the next `count` bytes begin. */
  #take(count: number): number {
    const from = this.at;
    if (from + count > this.#bytes.byteLength) throw new SyntaxError("a D-Bus message breaks off");
    this.at = from + count;
    return from;
  }
}

/** Where the complete type ends that begins at `from`. @throws SyntaxError where it does not end. */
function typeEnd(signature: string, from: number, depth: number): number {
  if (depth > MAX_DEPTH) throw new RangeError(`a D-Bus type nests deeper than ${MAX_DEPTH}`);
  const code = signature.charAt(from);
  if (code === "a") return typeEnd(signature, from + 1, depth + 1);
  if (code !== "(" && code !== "{") {
    if (ALIGNMENT[code] === undefined) throw new SyntaxError("a D-Bus signature is malformed");
    return from + 1;
  }
  const close = code === "(" ? ")" : "}";
  let at = from + 1;
  while (signature.charAt(at) !== close) {
    if (at >= signature.length) throw new SyntaxError("a D-Bus signature does not close");
    at = typeEnd(signature, at, depth + 1);
  }
  return at + 1;
}
