/** What this host lets a hub ask for. Pure; a request can make it say no, never yes. */
import { matchesText } from "../host/text_glob.ts";
import { bounded } from "./bounded_text.ts";

/** The session types that the protocol knows. */
export type SessionType = "inspect" | "diagnose" | "chat";

/** All of them. */
export const SESSION_TYPES: readonly SessionType[] = ["inspect", "diagnose", "chat"];

/** What the operator of the host has written down. */
export interface RemoteRules {
  /** The types that may run. @default all three */
  readonly sessions?: readonly SessionType[];
  /** Who may ask, by the hub's word: names, and patterns with `*` and `?`. @default anybody */
  readonly users?: readonly string[];
}

/** What a hub asks for. */
export interface RemoteRequest {
  readonly type: SessionType;
  readonly user: string;
}

const MAX_NAME_BYTES = 64;

/**
 * Whether a request is off the list.
 *
 * @returns what is not allowed, as the hub is told behind `not allowed by host policy: `; undefined where all of it is.
 */
export function offTheList(
  { type, user }: RemoteRequest,
  { sessions = SESSION_TYPES, users = [] }: RemoteRules,
): string | undefined {
  if (!sessions.includes(type)) return `the session type ${type}`;
  if (users.length > 0 && !users.some((pattern) => matchesText(user, pattern))) {
    return `the user ${JSON.stringify(bounded(user.toWellFormed(), MAX_NAME_BYTES).text)}`;
  }
  return undefined;
}
