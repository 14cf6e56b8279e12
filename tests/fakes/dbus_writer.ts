/** What a test writes as a peer on the bus; values by their signature, variants as `[signature, value]`. */
export type Writable = string | number | bigint | boolean | readonly Writable[];

/** Marshals values as the specification has it, in either byte order. */
export class DbusWriter {
  readonly bytes: number[] = [];
  readonly #little: boolean;

  constructor(little = true) {
    this.#little = little;
  }

  /** Writes the values of a signature, one after the other. */
  write(signature: string, values: readonly Writable[]): this {
    let rest = signature;
    for (const value of values) {
      const type = firstType(rest);
      rest = rest.slice(type.length);
      this.#value(type, value);
    }
    return this;
  }

  align(boundary: number): void {
    while (this.bytes.length % boundary !== 0) this.bytes.push(0);
  }

  #value(type: string, value: Writable): void {
    switch (type.charAt(0)) {
      case "y":
        this.bytes.push(Number(value));
        return;
      case "b":
        return this.#number(4, BigInt(value === true ? 1 : 0));
      case "n":
      case "q":
        return this.#number(2, BigInt(value as number));
      case "i":
      case "u":
        return this.#number(4, BigInt(value as number));
      case "x":
      case "t":
        return this.#number(8, BigInt(value as bigint));
      case "s":
      case "o": {
        const text = new TextEncoder().encode(String(value));
        this.#number(4, BigInt(text.length));
        this.bytes.push(...text, 0);
        return;
      }
      case "g":
        this.bytes.push(String(value).length, ...new TextEncoder().encode(String(value)), 0);
        return;
      case "v": {
        const [signature, inner] = value as readonly [string, Writable];
        this.#value("g", signature);
        return this.#value(signature, inner);
      }
      case "a": {
        const inner = new DbusWriter(this.#little);
        const element = type.slice(1);
        this.#number(4, 0n);
        const lengthAt = this.bytes.length - 4;
        this.align("xtd({".includes(element.charAt(0)) ? 8 : "ybgv".includes(element.charAt(0)) ? 1 : 4);
        const from = this.bytes.length;
        for (const item of value as readonly Writable[]) this.#value(element, item);
        inner.#number(4, BigInt(this.bytes.length - from));
        this.bytes.splice(lengthAt, 4, ...inner.bytes);
        return;
      }
      default:
        this.align(8);
        this.write(type.slice(1, -1), value as readonly Writable[]);
    }
  }

  #number(size: number, value: bigint): void {
    this.align(size);
    const parts = Array.from(
      { length: size },
      (_, at) => Number((BigInt.asUintN(64, value) >> BigInt(8 * at)) & 0xffn),
    );
    this.bytes.push(...(this.#little ? parts : parts.reverse()));
  }
}

/** Options of {@linkcode dbusMessage}. */
export interface DbusMessageOptions {
  /** 1 call, 2 return, 3 error, 4 signal. */
  type: number;
  serial?: number;
  replySerial?: number;
  errorName?: string;
  signature?: string;
  body?: readonly Writable[];
  little?: boolean;
}

/** A whole message. */
export function dbusMessage(options: DbusMessageOptions): Uint8Array {
  const { type, serial = 1, replySerial, errorName, signature = "", body = [], little = true } = options;
  const fields: Writable[] = [];
  if (errorName !== undefined) fields.push([4, ["s", errorName]]);
  if (replySerial !== undefined) fields.push([5, ["u", replySerial]]);
  if (signature !== "") fields.push([8, ["g", signature]]);
  const content = new DbusWriter(little).write(signature, body);
  const head = new DbusWriter(little).write("yyyyuua(yv)", [
    little ? 0x6c : 0x42,
    type,
    0,
    1,
    content.bytes.length,
    serial,
    fields,
  ]);
  head.align(8);
  return Uint8Array.from([...head.bytes, ...content.bytes]);
}

function firstType(signature: string): string {
  const code = signature.charAt(0);
  if (code === "a") return `a${firstType(signature.slice(1))}`;
  if (code !== "(" && code !== "{") return code;
  let depth = 0;
  for (let at = 0; at < signature.length; at++) {
    if ("({".includes(signature.charAt(at))) depth++;
    if (")}".includes(signature.charAt(at)) && --depth === 0) return signature.slice(0, at + 1);
  }
  return signature;
}
