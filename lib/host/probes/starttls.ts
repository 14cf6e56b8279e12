/** The talk in the clear that comes before TLS, where a protocol begins without it. */
import { cleanLine } from "../foreign_text.ts";
import { LineReader } from "./line_reader.ts";
import type { ProbeStream } from "./probe_stream.ts";

/** The protocols that are known to begin in the clear. */
export const STARTTLS_PROTOCOLS = ["smtp", "imap", "pop3", "ftp", "postgres", "ldap"] as const;

/** One of {@linkcode STARTTLS_PROTOCOLS}. */
export type StartTlsProtocol = typeof STARTTLS_PROTOCOLS[number];

/** The longest line, and the most lines, that a greeting may have. */
const MAX_LINE_BYTES = 4096;
const MAX_LINES = 100;

/**
 * Talks until the peer is ready for TLS. Bytes that the peer sends after that in the clear are refused: they would be
 * taken for part of the protected talk.
 *
 * @throws Error telling what the peer said instead.
 */
export async function negotiateTls(stream: ProbeStream, protocol: StartTlsProtocol): Promise<void> {
  if (protocol === "postgres") return await postgres(stream);
  if (protocol === "ldap") return await ldap(stream);
  const reader = new LineReader(stream, MAX_LINE_BYTES);
  const say = (line: string) => stream.write(new TextEncoder().encode(`${line}\r\n`));
  if (protocol === "smtp") {
    await numbered(reader, "220", "greeting");
    await say("EHLO localhost");
    await numbered(reader, "250", "EHLO");
    await say("STARTTLS");
    await numbered(reader, "220", "STARTTLS");
  } else if (protocol === "ftp") {
    await numbered(reader, "220", "greeting");
    await say("AUTH TLS");
    await numbered(reader, "234", "AUTH TLS");
  } else if (protocol === "pop3") {
    await prefixed(reader, "+OK", "greeting");
    await say("STLS");
    await prefixed(reader, "+OK", "STLS");
  } else {
    await prefixed(reader, "* OK", "greeting");
    await say("a1 STARTTLS");
    await tagged(reader);
  }
  if (reader.pendingBytes > 0) throw new Error("the peer went on in the clear after it had agreed to TLS");
}

/** SMTP and FTP: lines `220-…`, the last one `220 …`. */
async function numbered(reader: LineReader, code: string, step: string): Promise<void> {
  for (let count = 0; count < MAX_LINES; count++) {
    const line = await reader.readLine();
    if (!line.startsWith(code)) throw refused(step, line);
    if (line[3] !== "-") return;
  }
  throw new Error(`the peer's answer to ${step} does not end`);
}

async function prefixed(reader: LineReader, prefix: string, step: string): Promise<void> {
  const line = await reader.readLine();
  if (!line.startsWith(prefix)) throw refused(step, line);
}

/** IMAP: anything untagged may come first. */
async function tagged(reader: LineReader): Promise<void> {
  for (let count = 0; count < MAX_LINES; count++) {
    const line = await reader.readLine();
    if (line.startsWith("* ")) continue;
    if (/^a1 OK\b/i.test(line)) return;
    throw refused("STARTTLS", line);
  }
  throw new Error("the peer's answer to STARTTLS does not end");
}

/** PostgreSQL: an SSLRequest, answered by one byte. */
async function postgres(stream: ProbeStream): Promise<void> {
  await stream.write(new Uint8Array([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
  const answer = await stream.read();
  if (answer?.[0] !== 0x53) throw refused("its TLS request", answer === undefined ? "nothing" : "no");
  if (answer.length > 1) throw new Error("the peer went on in the clear after it had agreed to TLS");
}

/** LDAP: the extended request 1.3.6.1.4.1.1466.20037, answered by a result code. */
async function ldap(stream: ProbeStream): Promise<void> {
  const oid = new TextEncoder().encode("1.3.6.1.4.1.1466.20037");
  await stream.write(
    new Uint8Array([0x30, 29, 0x02, 1, 1, 0x77, 24, 0x80, oid.length, ...oid]),
  );
  let answer: number[] = [];
  while (answer.length < 2 || answer.length < 2 + (answer[1] ?? 0)) {
    const chunk = await stream.read();
    if (chunk === undefined) throw new Error("the peer ended the conversation");
    answer = [...answer, ...chunk.subarray(0, 300)];
    if (answer.length > 300 || (answer[1] ?? 0) > 127) throw refused("StartTLS", "something unreadable");
  }
  // SEQUENCE { INTEGER 1, [APPLICATION 24] { ENUMERATED resultCode … } }
  const [sequence, length = 0, , , , application, , enumerated, , result] = answer;
  if (sequence !== 0x30 || application !== 0x78 || enumerated !== 0x0a || result !== 0) {
    throw refused("StartTLS", result === undefined ? "something unreadable" : `result ${result}`);
  }
  if (answer.length > 2 + length) throw new Error("the peer went on in the clear after it had agreed to TLS");
}

function refused(step: string, answer: string): Error {
  return new Error(
    `the peer does not begin TLS: at ${step} it said ${JSON.stringify(cleanLine(answer, 100))}`,
  );
}
