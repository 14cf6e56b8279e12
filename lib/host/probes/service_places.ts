/** Where services of this host listen when nothing else is said. */
import { parseServiceAddress, type ServiceAddress } from "./service_address.ts";

/** The container engine's socket. */
export const DOCKER_SOCKET = "/var/run/docker.sock";

/** The system's bus. */
export const SYSTEM_BUS_SOCKET = "/run/dbus/system_bus_socket";

const REDIS_PORT = 6379;

/** Reads a Redis's address. @returns undefined where the text is none. */
export function parseRedisAddress(text: string): ServiceAddress | undefined {
  return parseServiceAddress(text, REDIS_PORT);
}
