/** The hub, as the commands that run one import it. */
export type { AgentSnapshot, HubEvent, HubEventListener } from "./events.ts";
export type { Answer, HubSession, SessionFinal, SessionRequest } from "./hub_session.ts";
export { type Hub, type HubOptions, startHub } from "./server.ts";
export { SigningKey } from "./signing_key.ts";
export * from "./store.ts";
