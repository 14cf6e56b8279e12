import { dbusMessageBytes, decodeDbusMessage } from "../../lib/host/probes/dbus_message.ts";
import { dbusMessage, type Writable } from "./dbus_writer.ts";
import { UnixServer, writeAll } from "./unix_server.ts";

/** A unit of {@linkcode FakeSystemd}. */
export interface FakeUnit {
  description?: string;
  loadState?: string;
  activeState?: string;
  subState?: string;
  /** By interface, properties as variants: `[signature, value]`. */
  properties?: Readonly<Record<string, Readonly<Record<string, readonly [string, Writable]>>>>;
}

/** How it misbehaves. */
export type SystemdFault =
  | "refuses"
  | "hangs at the handshake"
  | "hangs"
  | "garbage"
  | "no systemd"
  | undefined;

/** systemd on a unix socket, as a test describes it: behind a bus, or by itself. */
export class FakeSystemd implements AsyncDisposable {
  readonly units = new Map<string, FakeUnit>();
  fault: SystemdFault;
  /** The members that were called, in order. */
  readonly calls: string[] = [];
  readonly #server: UnixServer;
  readonly #isBus: boolean;

  constructor({ isBus = true }: { isBus?: boolean } = {}) {
    this.#isBus = isBus;
    this.#server = new UnixServer((conn, server) => this.#serve(conn, server));
  }

  get socket(): string {
    return this.#server.path;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }

  async #serve(conn: Deno.Conn, server: UnixServer): Promise<void> {
    const peer = new Peer(conn);
    const say = (text: string) => writeAll(conn, new TextEncoder().encode(text));
    if (await peer.line() !== "\0AUTH EXTERNAL") return;
    if (this.fault === "hangs at the handshake") return await server.ended;
    if (this.fault === "refuses") return await say("REJECTED EXTERNAL\r\n");
    await say("DATA\r\n");
    if (await peer.line() !== "DATA") return;
    await say("OK 0123456789abcdef0123456789abcdef\r\n");
    if (await peer.line() !== "BEGIN") return;
    for (let serial = 1;; serial++) {
      const call = await peer.call();
      this.calls.push(call.member);
      if (this.fault === "hangs") return await server.ended;
      if (this.fault === "garbage") return await writeAll(conn, new Uint8Array(64).fill(0xff));
      // What nobody asked for comes in between.
      await writeAll(conn, dbusMessage({ type: 4, serial: 1000 + serial, signature: "s", body: ["noise"] }));
      await writeAll(conn, dbusMessage({ ...this.#answer(call), serial, replySerial: call.serial }), 13);
    }
  }

  #answer({ member, path, args }: Call): Parameters<typeof dbusMessage>[0] {
    if (this.#isBus && member === "Hello") return { type: 2, signature: "s", body: [":1.7"] };
    if (this.fault === "no systemd") {
      const text = "The name org.freedesktop.systemd1 was not provided by any .service files";
      return {
        type: 3,
        errorName: "org.freedesktop.DBus.Error.ServiceUnknown",
        signature: "s",
        body: [text],
      };
    }
    if (member === "ListUnits") {
      const list = [...this.units].map(([name, unit]) => {
        const { description = name, loadState = "loaded", activeState = "active", subState = "running" } =
          unit;
        return [name, description, loadState, activeState, subState, "", pathOf(name), 0, "", "/"];
      });
      return { type: 2, signature: "a(ssssssouso)", body: [list] };
    }
    if (member === "LoadUnit") return { type: 2, signature: "o", body: [pathOf(args[0] ?? "")] };
    if (member === "GetAll") {
      const name = [...this.units.keys()].find((known) => pathOf(known) === path);
      return { type: 2, signature: "a{sv}", body: [this.#properties(name, path, args[0] ?? "")] };
    }
    return { type: 3, errorName: "org.freedesktop.DBus.Error.UnknownMethod", signature: "s", body: [member] };
  }

  #properties(name: string | undefined, path: string, kind: string): Writable[] {
    const unit = name === undefined ? undefined : this.units.get(name);
    const own = Object.entries(unit?.properties?.[kind] ?? {}).map(([key, value]): Writable => [key, value]);
    if (kind !== "org.freedesktop.systemd1.Unit") return own;
    const { description = "", loadState, activeState, subState } = unit ?? {};
    return [
      ["Id", ["s", name ?? nameOf(path)]],
      ["Description", ["s", description]],
      ["LoadState", ["s", loadState ?? (unit === undefined ? "not-found" : "loaded")]],
      ["ActiveState", ["s", activeState ?? (unit === undefined ? "inactive" : "active")]],
      ["SubState", ["s", subState ?? (unit === undefined ? "dead" : "running")]],
      ["Job", ["(uo)", [0, "/"]]],
      ["Conditions", ["a(sbbsi)", [["ConditionPathExists", false, true, "/x", 1]]]],
      ...own,
    ];
  }
}

interface Call {
  serial: number;
  member: string;
  path: string;
  args: string[];
}

class Peer {
  readonly #conn: Deno.Conn;
  #held: number[] = [];

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  async line(): Promise<string> {
    while (!this.#held.includes(10)) await this.#more();
    return new TextDecoder().decode(Uint8Array.from(this.#held.splice(0, this.#held.indexOf(10) + 1)))
      .trimEnd();
  }

  async call(): Promise<Call> {
    while (this.#held.length < 16) await this.#more();
    const length = dbusMessageBytes(Uint8Array.from(this.#held.slice(0, 16)), 1e6);
    while (this.#held.length < length) await this.#more();
    const bytes = Uint8Array.from(this.#held.splice(0, length));
    const { serial, body } = decodeDbusMessage(bytes);
    // Path and member are header fields 1 and 3: an object path and a string, found by their marks.
    return { serial, member: field(bytes, 3, "s"), path: field(bytes, 1, "o"), args: body.map(String) };
  }

  async #more(): Promise<void> {
    const buffer = new Uint8Array(4096);
    const count = await this.#conn.read(buffer);
    if (count === null) throw new Error("the peer left");
    this.#held.push(...buffer.subarray(0, count));
  }
}

function field(bytes: Uint8Array, code: number, type: string): string {
  for (let at = 16; at < bytes.length; at += 8) {
    if (bytes[at] !== code || bytes[at + 1] !== 1 || bytes[at + 2] !== type.charCodeAt(0)) continue;
    const length = new DataView(bytes.buffer).getUint32(at + 4, true);
    return new TextDecoder().decode(bytes.subarray(at + 8, at + 8 + length));
  }
  return "";
}

function pathOf(name: string): string {
  return `/org/freedesktop/systemd1/unit/${
    name.replace(/[^A-Za-z0-9]/g, (char) => `_${char.charCodeAt(0).toString(16)}`)
  }`;
}

function nameOf(path: string): string {
  return path.replace(/^.*\//, "").replace(
    /_([0-9a-f]{2})/g,
    (_, code) => String.fromCharCode(parseInt(code, 16)),
  );
}
