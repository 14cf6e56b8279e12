/** One WebSocket connection of a fake hub, as tests hold it. */
import type { Socket } from "node:net";
import { decodeToHub, type MessageToHub } from "../../../lib/protocol/mod.ts";
import type { Behaviour, LooseMessage, RegisterAck, Verdict } from "./behaviour.ts";
import { closePayload, encodeFrame, type Frame, type FrameOptions, FrameReader, Opcode } from "./frames.ts";
import type { Handshake } from "./handshake.ts";
import { Inbox } from "./inbox.ts";

/** How a connection ended: with a close frame, by the peer's FIN without one, or by a reset. */
export interface Ending {
  how: "close" | "eof" | "reset";
  /** 1005 for a close frame without a code, 1006 without a close frame. */
  code: number;
  reason: string;
}

/** An agent's message that was neither skipped nor unknown, of type `Type`. */
export type ReceivedOf<Type extends MessageToHub["type"]> = Extract<MessageToHub, { type: Type }>;

/** Enough of a message to see its type and id, for a connection that only counts. */
const PEEKED_BYTES = 192;

/** Made by the fake hub once the upgrade is through. All methods may be called at any time. */
export class FakeConnection {
  readonly handshake: Handshake;
  /** Resolves with the first sign of the end: a close frame, FIN or reset. Never rejects. */
  readonly closed: Promise<Ending>;
  /** Resolves when the TCP connection is gone in both directions. Never rejects. */
  readonly gone: Promise<void>;
  /** `performance.now()` for each of {@linkcode received}. */
  readonly arrivedAtMs: number[] = [];
  /** Text messages that no schema fits, as they came, and what was wrong with them. */
  readonly undecoded: { text: string; reason: string }[] = [];
  /** What the peer did that RFC 6455 forbids. */
  readonly violations: string[] = [];
  /** The payloads of the pongs that came. */
  readonly pongs: string[] = [];
  /** How many text messages came, also those not decoded. */
  messageCount = 0;
  /** The bytes of their payloads. */
  messageBytes = 0;
  /** The extensions agreed upon; empty until the ack was sent. */
  agreed: ReadonlySet<string> = new Set();
  readonly #socket: Socket;
  readonly #behaviour: Behaviour;
  readonly #inbox = new Inbox<MessageToHub>();
  readonly #reader = new FrameReader();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #fragments: Buffer[] = [];
  #fragmentsOpcode = 0;
  #silent = false;
  #closeSent = false;
  #cutOff = false;
  #ended = false;
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #resolveClosed: (ending: Ending) => void;

  /** `socket` stays the hub's to dispose of. */
  constructor(socket: Socket, handshake: Handshake, behaviour: Behaviour) {
    this.#socket = socket;
    this.handshake = handshake;
    this.#behaviour = behaviour;
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.gone = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.once("end", () => this.#end({ how: "eof", code: 1006, reason: "" }));
    socket.once("close", () => this.#end({ how: "eof", code: 1006, reason: "" }));
    socket.on("error", () => this.#end({ how: "reset", code: 1006, reason: "" }));
  }

  /** Every decoded message, in order. */
  get received(): readonly MessageToHub[] {
    return this.#inbox.all;
  }

  /** The decoded messages of one type, in order. */
  receivedOf<Type extends MessageToHub["type"]>(type: Type): ReceivedOf<Type>[] {
    return this.received.filter((message): message is ReceivedOf<Type> => message.type === type);
  }

  /**
   * The oldest message that fits and that no earlier `next` returned; waits for it 20 s at most.
   * @throws Error naming what was awaited, when time is up or the TCP connection is gone
   */
  next<Type extends MessageToHub["type"]>(type: Type, signal?: AbortSignal): Promise<ReceivedOf<Type>>;
  next(fits: (message: MessageToHub) => boolean, signal?: AbortSignal): Promise<MessageToHub>;
  next(wanted: string | ((message: MessageToHub) => boolean), signal?: AbortSignal): Promise<MessageToHub> {
    const what = typeof wanted === "string" ? `the next "${wanted}"` : `a message that fits ${wanted}`;
    const fits = typeof wanted === "string" ? (message: MessageToHub) => message.type === wanted : wanted;
    return this.#inbox.next(what, fits, signal);
  }

  /** Sends a text message, a string as it is. Returns the message's id, or `""` for a string. */
  send(message: LooseMessage | string): string {
    if (typeof message === "string") {
      this.sendFrame({ opcode: Opcode.text, payload: message });
      return "";
    }
    const id = message.id ?? crypto.randomUUID();
    this.sendFrame({ opcode: Opcode.text, payload: JSON.stringify({ ...message, id }) });
    return id;
  }

  /** Sends a binary message. */
  sendBinary(bytes: Uint8Array): void {
    this.sendFrame({ opcode: Opcode.binary, payload: bytes });
  }

  /** Sends one text message in `pieces` frames, cut without regard for characters. */
  sendFragmented(text: string, pieces: number): void {
    const bytes = Buffer.from(text);
    const size = Math.ceil(bytes.length / pieces);
    for (let piece = 0; piece < pieces; piece++) {
      this.sendFrame({
        opcode: piece === 0 ? Opcode.text : Opcode.continuation,
        payload: bytes.subarray(piece * size, (piece + 1) * size),
        fin: piece === pieces - 1,
      });
    }
  }

  /** Sends a ping frame; its answer shows up in {@linkcode pongs}. */
  sendPing(payload = ""): void {
    this.sendFrame({ opcode: Opcode.ping, payload });
  }

  /** Sends any frame, however wrong. */
  sendFrame(options: FrameOptions): void {
    this.sendRaw(encodeFrame(options));
  }

  /** Sends any bytes, such as half a frame. Does nothing once the socket is gone. */
  sendRaw(bytes: Uint8Array): void {
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(bytes);
  }

  /** Acks the message `refId`. */
  ack(refId: string, error?: string): void {
    this.send({ type: "ack", ref_id: refId, payload: { ok: error === undefined, ...(error && { error }) } });
  }

  /** Answers `register` by hand, where the behaviour withholds it. */
  ackRegister(register: ReceivedOf<"register">, ack: RegisterAck = {}): void {
    const { ok = true, error, warning, refId = "right" } = ack;
    const known = this.#behaviour.capabilities ?? [];
    const capabilities = ack.capabilities ??
      register.payload.capabilities.filter((one) => known.includes(one));
    this.agreed = new Set(ok ? capabilities : []);
    const ref = { right: { ref_id: register.id }, wrong: { ref_id: crypto.randomUUID() }, absent: {} }[refId];
    // A hub that knows no extension does not even name the field.
    const shown = ack.capabilities !== undefined || known.length > 0 ? { capabilities } : {};
    this.send({ type: "ack", ...ref, payload: { ok, error, warning, ...shown } });
  }

  /** Reads and records on, but answers nothing any more by itself. */
  silence(): void {
    this.#silent = true;
  }

  /** Stops reading, so that the peer's writes pile up. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Reads again. */
  resumeReading(): void {
    this.#socket.resume();
    this.feed(Buffer.alloc(0)); // what was already here when reading stopped
  }

  /** Ends the TCP connection without a close frame. */
  cut(how: "reset" | "fin"): void {
    this.#cutOff = true;
    if (how === "fin") return void this.#socket.end();
    this.#socket.resetAndDestroy();
    this.#end({ how: "reset", code: 1006, reason: "" });
  }

  /** Starts an orderly close; {@linkcode closed} tells the peer's answer. */
  close(code = 1000, reason = ""): void {
    this.#closeSent = true;
    this.sendFrame({ opcode: Opcode.close, payload: closePayload(code, reason) });
  }

  /** Takes what the socket read. For the hub alone. */
  feed(chunk: Buffer): void {
    if (this.#cutOff) return;
    // Many messages come in one chunk: their answers leave in one write.
    this.#socket.cork();
    this.#reader.push(chunk, (frame) => {
      this.#onFrame(frame);
      return !this.#cutOff && !this.#socket.isPaused();
    });
    this.#socket.uncork();
  }

  #onFrame(frame: Frame): void {
    if (!frame.masked) this.violations.push("a frame without a mask");
    if (frame.reservedBits !== 0) this.violations.push(`reserved bits ${frame.reservedBits}`);
    if (frame.opcode === Opcode.text || frame.opcode === Opcode.binary) {
      if (frame.fin) return this.#onMessage(frame.opcode, frame.payload, frame.payloadBytes);
      this.#fragmentsOpcode = frame.opcode;
      this.#fragments = [Buffer.from(frame.payload)];
    } else if (frame.opcode === Opcode.continuation) {
      this.#fragments.push(Buffer.from(frame.payload));
      if (!frame.fin) return;
      const whole = Buffer.concat(this.#fragments);
      this.#fragments = [];
      this.#onMessage(this.#fragmentsOpcode, whole, whole.length);
    } else this.#onControl(frame);
  }

  #onControl({ opcode, payload }: Frame): void {
    if (opcode === Opcode.pong) this.pongs.push(payload.toString());
    else if (opcode === Opcode.ping) {
      if (!this.#silent) this.sendFrame({ opcode: Opcode.pong, payload });
    } else if (opcode === Opcode.close) {
      const code = payload.length >= 2 ? payload.readUInt16BE() : 1005;
      this.#end({ how: "close", code, reason: payload.subarray(2).toString() });
      if (this.#silent || this.#behaviour.answerClose === false) return;
      if (!this.#closeSent) this.sendFrame({ opcode: Opcode.close, payload: payload.subarray(0, 2) });
      this.#socket.end();
    } else this.violations.push(`opcode ${opcode}`);
  }

  #onMessage(opcode: number, payload: Buffer, bytes: number): void {
    if (opcode === Opcode.binary) return void this.violations.push("a binary message");
    this.messageCount++;
    this.messageBytes += bytes;
    const { cutAfter, silentAfter, stopReadingAfter, decode, onText } = this.#behaviour;
    const counting = decode === "count" && this.messageCount > 1;
    let text: string;
    try {
      text = counting && !onText
        ? payload.toString("latin1", 0, PEEKED_BYTES)
        : this.#decoder.decode(payload);
    } catch {
      return void this.violations.push("text that is not UTF-8");
    }
    onText?.(text, this);
    const last = cutAfter?.messages === this.messageCount;
    if (counting) this.#countOnly(text, last);
    else this.#decode(text, last);
    if (decode === "count" && onText === undefined) this.#reader.maxUnmaskedBytes = PEEKED_BYTES;
    if (cutAfter && last) this.cut(cutAfter.how);
    if (silentAfter === this.messageCount) this.silence();
    if (stopReadingAfter === this.messageCount) this.stopReading();
  }

  #countOnly(head: string, last: boolean): void {
    const [, type, id] = /^\{"type":"(alert_events|heartbeat)","id":"([^"]+)"/.exec(head) ?? [];
    if (
      id && !last && !this.#silent && this.agreed.has(type === "heartbeat" ? "heartbeat_ack" : "alert_ack")
    ) this.ack(id);
  }

  #decode(text: string, last: boolean): void {
    const decoded = decodeToHub(text);
    if (!decoded.ok) return void this.undecoded.push({ text, reason: decoded.reason });
    const { message } = decoded;
    this.arrivedAtMs.push(performance.now());
    this.#inbox.push(message);
    this.#behaviour.onMessage?.(message, this);
    if (!last && !this.#silent) this.#answer(message);
  }

  #answer(message: MessageToHub): void {
    if (message.type === "register") return this.#answerRegister(message);
    const wanted = message.type === "alert_events" && this.agreed.has("alert_ack") ||
      message.type === "heartbeat" && this.agreed.has("heartbeat_ack");
    if (!wanted) return;
    const verdict: Verdict = this.#behaviour.verdict?.(message, this) ?? "ack";
    if (typeof verdict === "object") return this.ack(message.id, verdict.refuse);
    if (verdict !== "withhold") this.ack(message.id);
    if (verdict === "duplicate") this.ack(message.id);
  }

  #answerRegister(message: ReceivedOf<"register">): void {
    const { beforeAck = [], ack = {}, stall } = this.#behaviour;
    for (const early of beforeAck) this.send(early);
    if (ack === null || stall === "register") return;
    if (!ack.delayMs) return this.ackRegister(message, ack);
    this.#ackTimer = setTimeout(() => this.ackRegister(message, ack), ack.delayMs);
  }

  #end(ending: Ending): void {
    this.#resolveClosed(ending);
    clearTimeout(this.#ackTimer);
    if (this.#ended) return;
    this.#ended = true;
    this.#inbox.end(`the connection ended (${ending.how} ${ending.code} ${ending.reason})`);
  }
}
