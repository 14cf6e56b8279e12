/** What a file may say about the destinations of alert events besides the server. */
import * as z from "zod/mini";
import { about } from "../zod.ts";
import { nonEmpty, readable } from "./fields.ts";
import { readHttpUrl } from "./http_url.ts";

/** The name is a file's name too. */
const destinationName = () =>
  z.string().check(
    z.regex(
      /^[a-z][a-z0-9_-]{0,31}$/,
      "is no name for a destination; use up to 32 of a-z, 0-9, _ and -, with a letter first",
    ),
    z.refine((name) => name !== "server", "is taken, for it means the control server; choose another name"),
  );

/** The message says it all. */
const quiet = { quiet: true };

const url = () =>
  readable((text) => {
    const reading = readHttpUrl(text);
    return "url" in reading ? reading.url : reading;
  });

const baseUrl = () =>
  url().check(z.superRefine(({ pathname, search }, context) => {
    const refuse = (problem: string) =>
      context.addIssue({ code: "custom", message: `cannot be used: ${problem}`, params: quiet });
    if (search !== "") refuse("it has a query (the part from ? on); leave it out");
    if (/\/api\/v\d(?:\/|$)/.test(pathname)) {
      refuse("it has the API's path (from /api on), which is added; leave it out");
    }
  }));

/** These say how long the body is and how the connection is used: the runtime's business. */
const FRAMING = ["connection", "content-length", "te", "trailer", "transfer-encoding", "upgrade"];

const headerName = () =>
  z.string().check(
    z.regex(/^[\w!#$%&'*+.^`|~-]+$/, 'has a name that is no header\'s; write { Name = "value" }'),
    z.refine(
      (name) => !FRAMING.includes(name.toLowerCase()),
      `has one of ${FRAMING.join(", ")}, which the agent sets itself; leave it out`,
    ),
  );

const headers = () =>
  z._default(
    z.record(
      headerName(),
      z.string().check(
        z.trim(),
        z.minLength(1),
        z.refine((value) => /^[\x20-\x7e]*$/.test(value), {
          message: "has a control or non-ASCII character; use printable ASCII on one line",
          params: quiet,
        }),
      ),
    ),
    {},
  );

/** What is said of each destination's `type`. */
const KIND = "What kind it is.";

/** What is said of `headers`. */
const HEADERS = "A table of text by name, sent with each request.";

const pagerduty = () =>
  about(
    z.strictObject({
      type: about(z.literal("pagerduty"), KIND),
      routing_key: about(z.optional(nonEmpty()), {
        description: "The integration's key. Not beside `routing_key_file`; one of them is needed.",
        example: "${PAGERDUTY_KEY}",
      }),
      routing_key_file: about(z.optional(nonEmpty()), {
        description: "A file with the key; white space around it is cut off.",
        example: "/etc/pawl/pagerduty_key",
      }),
      url: about(
        z.prefault(url(), "https://events.pagerduty.com/v2/enqueue"),
        "For accounts in another region; by default `https://events.pagerduty.com/v2/enqueue`.",
      ),
      source: about(z.optional(nonEmpty()), {
        description: "What is affected, where an event's labels do not tell.",
        example: "db1.example.com",
        otherwise: "this host's name",
      }),
    }).check(
      z.refine(
        ({ routing_key, routing_key_file }) => routing_key === undefined || routing_key_file === undefined,
        {
          path: ["routing_key_file"],
          message: "cannot stand beside routing_key; keep one of them",
          params: quiet,
        },
      ),
      z.refine(
        ({ routing_key, routing_key_file }) => routing_key !== undefined || routing_key_file !== undefined,
        {
          path: ["routing_key"],
          message: "is missing; set it, or routing_key_file",
          params: quiet,
        },
      ),
    ),
    { description: "PagerDuty, by its Events API.", example: "oncall" },
  );

const destination = () =>
  z.discriminatedUnion("type", [
    about(z.strictObject({ type: about(z.literal("console"), KIND) }), {
      description: "Standard output, for people.",
      example: "screen",
    }),
    about(
      z.strictObject({
        type: about(z.literal("webhook"), KIND),
        url: about(url(), {
          description: "Where to, `http` or `https`. No user info: use `headers`.",
          example: "https://events.example.com/pawl",
        }),
        method: about(z._default(z.enum(["POST", "PUT", "PATCH"]), "POST"), "How: `POST`, `PUT` or `PATCH`."),
        headers: about(headers(), {
          description: HEADERS,
          example: { Authorization: "Bearer ${HOOK_TOKEN}" },
          otherwise: "none",
        }),
        batch: about(
          z._default(z.boolean(), false),
          "Whether a request carries an array of up to 100 events, or one event alone.",
        ),
      }),
      { description: "Any address that takes JSON.", example: "hook" },
    ),
    about(
      z.strictObject({
        type: about(z.literal("alertmanager"), KIND),
        url: about(baseUrl(), {
          description: "Where it is reached, without the API's path.",
          example: "http://127.0.0.1:9093",
        }),
        headers: about(headers(), {
          description: HEADERS,
          example: { "X-Scope-OrgID": "ops" },
          otherwise: "none",
        }),
      }),
      { description: "Prometheus Alertmanager.", example: "alerts" },
    ),
    pagerduty(),
  ]);

/** `[notify]`: a table by name for each destination. */
export const notifySchema = () =>
  about(
    z._default(z.record(destinationName(), destination()), {}),
    "Where alert events go besides the server: one table each, under any name of a-z, 0-9, _ and -. Each has a queue " +
      "of its own, and none delays another.",
  );

/** One destination that passed the schema. */
export type DestinationSettings = z.output<ReturnType<typeof destination>>;
