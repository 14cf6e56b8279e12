/** Secrets that occur nowhere else, and the search for them and for pieces of them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

/** A shorter piece could be there by chance. */
const PIECE_CHARS = 10;

/** The planted secrets of one test, by name. */
export class Canaries {
  readonly #cores = new Map<string, string>();

  /** A new secret: letters and digits around characters that encodings change. */
  plant(name: string): string {
    const core = this.plantPlain(name);
    return `${core.slice(0, 20)}/+=%${core.slice(20)}`;
  }

  /** A new secret of letters and digits, for places that take no other. */
  plantPlain(name: string): string {
    const core = `Kq${crypto.randomUUID().replaceAll("-", "")}${crypto.randomUUID().slice(0, 6)}`;
    this.#cores.set(name, core);
    return core;
  }

  /** Something that is a secret without having been made here, such as a line of a private key. */
  add(name: string, secret: string): void {
    this.#cores.set(name, secret);
  }

  /**
   * @param allowed names of those that may be there
   * @throws AssertionError that names the secret and what stands around it, where one is there: as it is, in a piece,
   * or in base64.
   */
  assertNone(where: string, text: string | Uint8Array, allowed: readonly string[] = []): void {
    const hay = typeof text === "string" ? text : Buffer.from(text).toString("latin1");
    for (const [name, core] of this.#cores) {
      if (allowed.includes(name)) continue;
      for (const needle of needlesOf(core)) {
        const at = hay.indexOf(needle);
        const around = hay.slice(Math.max(0, at - 400), at + 200);
        assert.ok(at === -1, `${where} shows the ${name} (${JSON.stringify(needle)}): …${around}…`);
      }
    }
  }
}

function* needlesOf(core: string): Generator<string> {
  for (let at = 0; at + PIECE_CHARS <= core.length; at += 2) yield core.slice(at, at + PIECE_CHARS);
  // In base64 the same text looks different at each of three offsets.
  for (let offset = 0; offset < 3; offset++) {
    const encoded = Buffer.from("?".repeat(offset) + core).toString("base64");
    yield encoded.slice(4, 4 + 20);
  }
}
