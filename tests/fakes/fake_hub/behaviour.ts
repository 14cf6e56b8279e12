/** How a fake hub behaves towards one connection. */
import type { MessageToHub } from "../../../lib/protocol/mod.ts";
import type { FakeConnection } from "./connection.ts";

/** What {@linkcode Behaviour} hooks answer: ack it, ack it twice, say nothing, or refuse it. */
export type Verdict = "ack" | "duplicate" | "withhold" | { refuse: string };

/** A message as tests write it: `id` is made up where it is missing. */
export interface LooseMessage {
  type: string;
  id?: string;
  ref_id?: string;
  payload?: unknown;
}

/** The answer to `register`. */
export interface RegisterAck {
  /** @default true */
  ok?: boolean;
  error?: string;
  warning?: string;
  /** Sent as they are. @default those of {@linkcode Behaviour.capabilities} that the agent listed */
  capabilities?: readonly string[];
  /**
   * Which message it claims to answer.
   * @default "right"
   */
  refId?: "right" | "wrong" | "absent";
  /** Milliseconds of real time. @default 0 */
  delayMs?: number;
}

/** Everything is optional; `{}` is a well-behaved hub that knows no extension. */
export interface Behaviour {
  /** Answers the upgrade with this status instead. */
  refuse?: { status: number; headers?: Readonly<Record<string, string>>; body?: string };
  /** Answers the upgrade with exactly these bytes instead. */
  answer?: string;
  /** Ends the TCP connection in answer to the upgrade. */
  cutAtUpgrade?: "reset" | "fin";
  /** Never goes further than this: no answer at all; half an answer to the upgrade; no ack for `register`. */
  stall?: "accept" | "upgrade" | "register";
  /** Sent when `register` has come, before its ack. A string is sent as it is. */
  beforeAck?: readonly (LooseMessage | string)[];
  /** The answer to `register`; null withholds it. @default {} */
  ack?: RegisterAck | null;
  /** The extensions that this hub knows; the ones that were agreed upon are acked. @default [] */
  capabilities?: readonly string[];
  /** What to do with each message that an agreed extension wants acked. @default () => "ack" */
  verdict?: (message: MessageToHub, connection: FakeConnection) => Verdict;
  /** Sees every decoded message, after it was recorded and before it is answered. */
  onMessage?: (message: MessageToHub, connection: FakeConnection) => void;
  /** Sees every text message as it came. */
  onText?: (text: string, connection: FakeConnection) => void;
  /** Once so many messages, `register` included, were answered: reads on, but answers nothing any more, not even a ping or a close. */
  silentAfter?: number;
  /** Once so many messages were answered: stops reading, so that the sender's buffers fill up. */
  stopReadingAfter?: number;
  /** When so many messages have come: ends the TCP connection, without answering the last one. */
  cutAfter?: { messages: number; how: "reset" | "fin" };
  /** Whether a close frame is answered. @default true */
  answerClose?: boolean;
  /**
   * `count` keeps no message but the first and only counts, for benchmarks; alerts and heartbeats are still acked.
   * @default "full"
   */
  decode?: "full" | "count";
}
