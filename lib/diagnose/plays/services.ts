/** Plays about services and files. */
import type { Play } from "./play.ts";

/** See the file's head. */
export const SERVICE_PLAYS: readonly Play[] = [
  {
    plugins: ["systemd"],
    takesTarget: () => true,
    ask: ({ target, wholeHost }) => [
      { tool: "service_list_failed", why: "Has a service failed?" },
      ...(wholeHost ? [] : [{ tool: "service_status", args: { unit: target }, why: "How is that unit?" }]),
    ],
  },
  {
    plugins: ["docker"],
    takesTarget: () => true,
    ask: ({ target, wholeHost }) => [
      { tool: "docker_ps", why: "Which containers run?" },
      ...(wholeHost
        ? []
        : [{ tool: "docker_inspect", args: { name: target }, why: "How is that container?" }]),
    ],
  },
  {
    plugins: ["redis"],
    takesTarget: () => true,
    ask: ({ target, wholeHost }) => {
      const args = wholeHost ? {} : { target };
      return [
        { tool: "redis_info", args, why: "Does it answer, and how is it?" },
        { tool: "redis_slowlog", args, why: "What takes long?" },
        { tool: "redis_memory_analysis", args, why: "What takes the memory?" },
      ];
    },
  },
  {
    plugins: ["logfile", "filecheck"],
    takesTarget: (target) => target.startsWith("/"),
    ask: ({ target }) =>
      target.startsWith("/")
        ? [{ tool: "log_tail", args: { file: target }, why: "What stands at its end?" }]
        : [],
  },
];
