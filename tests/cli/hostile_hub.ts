/** A hub that puts one text wherever a hub can put text, and an agent that has to bear it. */
import { type Behaviour, FakeHub, Opcode } from "../fakes/fake_hub.ts";
import { CAPABILITIES } from "../../lib/protocol/mod.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { type Outcome, PawlProcess } from "./pawl_process.ts";

/** Options of {@linkcode bear}. */
export interface BearOptions {
  /** What the hub says everywhere. */
  text: string;
  /** What it says in HTTP headers, which carry less. */
  header: string;
  /** What it says in the reason of a close frame, which has room for 123 bytes. */
  closeReason: string;
  format: "json" | "pretty";
  token: string;
}

/** What the agent is bound to log on the way, each once and in this order; more may come in between. */
export const BORNE = [
  "agent.started",
  "link.dial_failed",
  "link.not_registered",
  "link.hub_warning",
  "link.registered",
  "link.unknown_message_skipped",
  "session.started",
  "session.ended",
  "link.disconnected",
  "link.lost",
  "link.unauthorized",
  "agent.stopped",
];

/** Leads an agent at `--log-level debug` through one connection after another until the hub answers 401. */
export async function bear({ text, header, closeReason, format, token }: BearOptions): Promise<Outcome> {
  const headers = { "X-Echo": header, Location: `http://127.0.0.1/${header}`, "WWW-Authenticate": header };
  const refusals = { headers, body: `<html>\n${text}\n</html>\n` };
  const connections: readonly Behaviour[] = [
    { refuse: { status: 503, ...refusals, headers: { ...headers, "Retry-After": header } } },
    { ack: { ok: false, error: text } },
    { capabilities: CAPABILITIES, ack: { warning: text }, beforeAck: [{ type: text }, text] },
    { capabilities: CAPABILITIES },
    { refuse: { status: 401, ...refusals } },
  ];
  await using folder = new TempFolder();
  await using hub = await FakeHub.start((index) => connections[index] ?? {});
  await using agent = PawlProcess.start([
    ...["run", "--server", hub.address, "--state-dir", folder.at("state")],
    ...["--token-file", folder.write("token", token), "--log-level", "debug", "--log-format", format],
  ]);
  await hub.nextConnection(); // the registration that is refused
  await talk(await hub.nextConnection(), text);
  const last = await hub.nextConnection();
  await last.next("heartbeat");
  last.close(4000, closeReason);
  await hub.nextHandshake(); // those so far
  while (hub.handshakes.length < connections.length) await hub.nextHandshake();
  await agent.wrote(/link\.unauthorized/);
  agent.kill("SIGTERM");
  return await agent.ended();
}

type Connection = Awaited<ReturnType<FakeHub["nextConnection"]>>;

/** Everything that can be said to a registered agent; ends with `disconnect`. */
async function talk(connection: Connection, text: string): Promise<void> {
  await connection.next("register");
  await connection.next("heartbeat");
  connection.sendBinary(new TextEncoder().encode(text));
  connection.send({ type: "ack", payload: { ok: text } });
  connection.send({ type: "ack", ref_id: text, payload: { ok: false, error: text } });
  connection.send({ type: "session_cancel", payload: { session_id: text, reason: text } });
  connection.send({ type: "session_start", id: text, payload: { session_id: { [text]: text } } });
  connection.send({ type: text, payload: { [text]: text } });
  connection.sendFrame({ opcode: Opcode.text, payload: `{"type":"ping",${text}` });
  const params = { plugin: text, target: text, [text]: text };
  const start = { session_id: text, session_type: "inspect", user_name: text, params };
  connection.send({ type: "session_start", payload: start });
  await connection.next((message) => message.type === "session_output" && message.payload.done);
  // Long enough to be cut where it is quoted, and cut inside of what is at its end.
  const long = { ...start, session_id: "long", params: { plugin: "x".repeat(970) + text } };
  connection.send({ type: "session_start", payload: long });
  await connection.next((message) => message.type === "session_output" && message.payload.done);
  connection.send({ type: "disconnect", payload: { reason: text, retry_after_sec: 0 } });
}
