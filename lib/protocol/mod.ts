/** The wire protocol, as both ends import it: messages, schemas, encode and decode. No I/O. */
export * from "./alert_event.ts";
export * from "./canonical_json.ts";
export * from "./codec.ts";
export * from "./message_size.ts";
export * from "./messages_to_agent.ts";
export * from "./messages_to_hub.ts";
export * from "./signed_message.ts";
