/** Tools that run a program: only where the configuration allows it by its absolute path. */
import { PROGRAM_NETWORK_TOOLS } from "./programs_network.ts";
import { PROGRAM_SYSTEM_TOOLS } from "./programs_system.ts";

/** All of them. */
export const PROGRAMS_TOOLS = [...PROGRAM_NETWORK_TOOLS, ...PROGRAM_SYSTEM_TOOLS];
