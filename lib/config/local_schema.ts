/** What a file may say about the agent's own HTTP. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { nonEmpty, readable, table } from "./fields.ts";
import { isReachable, type ListenConfig, readListen } from "./listen.ts";

const listen = () =>
  readable((text) => {
    const reading = readListen(text);
    return "listen" in reading ? reading.listen : reading;
  });

interface LocalSettings {
  listen: ListenConfig;
  token_file?: string | undefined;
  allow_remote: boolean;
}

function guarded({ listen, token_file, allow_remote }: LocalSettings, context: z.core.$RefinementCtx): void {
  const refuse = (message: string) =>
    context.addIssue({ code: "custom", path: ["listen"], message, params: { quiet: true } });
  if (isReachable(listen) && !allow_remote) {
    refuse(
      "is an address that others than this host can reach; use 127.0.0.1, " +
        "or set local.allow_remote = true if that is what you want",
    );
  } else if (listen.kind === "tcp" && token_file === undefined) {
    refuse("is TCP, where every caller must show a token; set local.token_file, or use a unix socket");
  }
}

/** `[local]`. */
export const localSchema = () =>
  table(
    {
      listen: about(z._default(listen(), { kind: "default" }), {
        description:
          'Where it listens: an absolute path (a unix socket), `host:port`, or `"none"`. By default the unix ' +
          "socket `pawl.sock` in the state folder.",
        example: "127.0.0.1:9464",
        otherwise: "pawl.sock",
      }),
      token_file: about(z.optional(nonEmpty()), {
        description:
          "A file with the token that callers over TCP must show; needed there, unused on a unix socket.",
        example: "/etc/pawl/local_token",
      }),
      allow_remote: about(
        z._default(z.boolean(), false),
        "Whether `local.listen` may be an address that others than this host can reach.",
      ),
    },
    "The agent's own HTTP: takes in events, and shows health, metrics and status.",
    z.superRefine(guarded),
  );
