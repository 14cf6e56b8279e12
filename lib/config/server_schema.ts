/** What a file may say about the server. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { readServerAddress } from "./address.ts";
import { nonEmpty, readable, table } from "./fields.ts";
import { readProxy } from "./proxy.ts";

const DEFAULT_ALERT_BUFFER_SIZE = 1000;

const address = () =>
  readable((text) => {
    const reading = readServerAddress(text);
    return "url" in reading ? reading.url : reading;
  });

const proxy = () =>
  readable((text) => {
    const reading = readProxy(text);
    return "proxy" in reading ? reading.proxy : reading;
  });

/** The schemas of `[server]`'s single values; flags pass them too. */
export const serverFields = { address, file: nonEmpty };

/** `[server]`. */
export const serverSchema = () =>
  table(
    {
      address: about(z.optional(address()), {
        description:
          "The server: `host[:port]`, or an `http`, `https`, `ws` or `wss` URL without path, query and " +
          "fragment. Without a scheme: `wss`, for `localhost`, `127.0.0.0/8` and `::1` `ws`.",
        example: "hub.example.com:8443",
      }),
      addresses: about(
        z._default(z.array(address()), []),
        "Further servers that do the same. The one that worked last is kept to; when it fails, another is tried.",
      ),
      token: about(z.optional(nonEmpty()), {
        description:
          "The secret that the server knows this agent by. Not beside `server.token_file`. Better kept in " +
          "a file of its own, or in a variable.",
        example: "${PAWL_TOKEN}",
      }),
      token_file: about(z.optional(nonEmpty()), {
        description: "A file with the token; white space around it is cut off.",
        example: "/etc/pawl/token",
      }),
      ca_file: about(z.optional(nonEmpty()), {
        description:
          "A PEM file with certificate authorities to trust besides those that the runtime brings.",
        example: "/etc/pawl/ca.pem",
      }),
      cert_file: about(z.optional(nonEmpty()), {
        description:
          "A PEM file with the certificate, and what leads to its authority, to show to servers that ask " +
          "for one. Needs `server.key_file`.",
        example: "/etc/pawl/agent.pem",
      }),
      key_file: about(z.optional(nonEmpty()), {
        description: "A PEM file with that certificate's private key, not encrypted.",
        example: "/etc/pawl/agent.key",
      }),
      proxy: about(z.optional(proxy()), {
        description:
          "An HTTP proxy to reach `wss` servers through, by CONNECT: `http://[user:password@]host:port`. " +
          "Without it none is used, whatever the environment says.",
        example: "http://proxy.example.com:3128",
      }),
      alert_buffer_size: about(
        z.prefault(
          z.pipe(
            z.int().check(z.maximum(1_000_000)),
            z.transform((size) => size > 0 ? size : DEFAULT_ALERT_BUFFER_SIZE),
          ),
          DEFAULT_ALERT_BUFFER_SIZE,
        ),
        "How many alert events wait in memory at most, where no queue on disk can be had; when it is full, the " +
          "oldest goes. 0 or less reads as the default; at most 1000000.",
      ),
    },
    "The server to connect to.",
    z.refine((server) => server.token === undefined || server.token_file === undefined, {
      path: ["token_file"],
      message: "cannot stand beside server.token; keep one of them",
      params: { quiet: true },
    }),
    z.refine((server) => server.cert_file === undefined || server.key_file !== undefined, {
      path: ["cert_file"],
      message: "needs server.key_file beside it",
      params: { quiet: true },
    }),
    z.refine((server) => server.key_file === undefined || server.cert_file !== undefined, {
      path: ["key_file"],
      message: "needs server.cert_file beside it",
      params: { quiet: true },
    }),
  );
