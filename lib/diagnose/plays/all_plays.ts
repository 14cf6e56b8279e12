/** Every play there is. */
import { NETWORK_PLAYS } from "./network.ts";
import type { Play } from "./play.ts";
import { RESOURCE_PLAYS, SYSTEM_PLAY } from "./resources.ts";
import { SERVICE_PLAYS } from "./services.ts";

/** `system` first. No plugin is in two. */
export const ALL_PLAYS: readonly Play[] = [
  SYSTEM_PLAY,
  ...RESOURCE_PLAYS,
  ...NETWORK_PLAYS,
  ...SERVICE_PLAYS,
];

/** The play for a plugin; undefined where only its checks can look. */
export function playFor(plugin: string): Play | undefined {
  return ALL_PLAYS.find(({ plugins }) => plugins.includes(plugin));
}
