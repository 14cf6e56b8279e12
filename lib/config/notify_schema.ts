/** What a file may say about the destinations of alert events besides the server. */
import * as z from "zod";
import { nonEmpty } from "./fields.ts";
import { readHttpUrl } from "./http_url.ts";

/** The name is a file's name too. */
const destinationName = () =>
  z.string().regex(
    /^[a-z][a-z0-9_-]{0,31}$/,
    "is no name for a destination; use up to 32 of a-z, 0-9, _ and -, with a letter first",
  ).refine((name) => name !== "server", "is taken, for it means the control server; choose another name");

/** The message says it all. */
const quiet = { quiet: true };

const url = () =>
  z.string().transform((text, context) => {
    const reading = readHttpUrl(text);
    if ("url" in reading) return reading.url;
    context.addIssue({
      code: "custom",
      message: `cannot be used: ${reading.problem}`,
      params: quiet,
    });
    return z.NEVER;
  });

const baseUrl = () =>
  url().superRefine(({ pathname, search }, context) => {
    const refuse = (problem: string) =>
      context.addIssue({ code: "custom", message: `cannot be used: ${problem}`, params: quiet });
    if (search !== "") refuse("it has a query (the part from ? on); leave it out");
    if (/\/api\/v\d(?:\/|$)/.test(pathname)) {
      refuse("it has the API's path (from /api on), which is added; leave it out");
    }
  });

/** These say how long the body is and how the connection is used: the runtime's business. */
const FRAMING = ["connection", "content-length", "te", "trailer", "transfer-encoding", "upgrade"];

const headerName = () =>
  z.string().regex(
    /^[\w!#$%&'*+.^`|~-]+$/,
    'has a name that is no header\'s; write { Name = "value" }',
  ).refine(
    (name) => !FRAMING.includes(name.toLowerCase()),
    `has one of ${FRAMING.join(", ")}, which the agent sets itself; leave it out`,
  );

const headers = () =>
  z.record(
    headerName(),
    z.string().trim().min(1).refine((value) => /^[\x20-\x7e]*$/.test(value), {
      message: "has a control or non-ASCII character; use printable ASCII on one line",
      params: quiet,
    }),
  ).default({});

/** What is said of each destination's `type`. */
const KIND = "What kind it is.";

/** What is said of `headers`. */
const HEADERS = "A table of text by name, sent with each request.";

const pagerduty = () =>
  z.strictObject({
    type: z.literal("pagerduty").describe(KIND),
    routing_key: nonEmpty().optional().meta({
      description: "The integration's key. Not beside `routing_key_file`; one of them is needed.",
      example: "${PAGERDUTY_KEY}",
    }),
    routing_key_file: nonEmpty().optional().meta({
      description: "A file with the key; white space around it is cut off.",
      example: "/etc/pawl/pagerduty_key",
    }),
    url: url().prefault("https://events.pagerduty.com/v2/enqueue")
      .describe("For accounts in another region; by default `https://events.pagerduty.com/v2/enqueue`."),
    source: nonEmpty().optional().meta({
      description: "What is affected, where an event's labels do not tell.",
      example: "db1.example.com",
      otherwise: "this host's name",
    }),
  }).refine(
    ({ routing_key, routing_key_file }) => routing_key === undefined || routing_key_file === undefined,
    {
      path: ["routing_key_file"],
      message: "cannot stand beside routing_key; keep one of them",
      params: quiet,
    },
  ).refine(
    ({ routing_key, routing_key_file }) => routing_key !== undefined || routing_key_file !== undefined,
    {
      path: ["routing_key"],
      message: "is missing; set it, or routing_key_file",
      params: quiet,
    },
  ).meta({ description: "PagerDuty, by its Events API.", example: "oncall" });

const destination = () =>
  z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("console").describe(KIND) })
      .meta({ description: "Standard output, for people.", example: "screen" }),
    z.strictObject({
      type: z.literal("webhook").describe(KIND),
      url: url().meta({
        description: "Where to, `http` or `https`. No user info: use `headers`.",
        example: "https://events.example.com/pawl",
      }),
      method: z.enum(["POST", "PUT", "PATCH"]).default("POST").describe("How: `POST`, `PUT` or `PATCH`."),
      headers: headers().meta({
        description: HEADERS,
        example: { Authorization: "Bearer ${HOOK_TOKEN}" },
        otherwise: "none",
      }),
      batch: z.boolean().default(false)
        .describe("Whether a request carries an array of up to 100 events, or one event alone."),
    }).meta({ description: "Any address that takes JSON.", example: "hook" }),
    z.strictObject({
      type: z.literal("alertmanager").describe(KIND),
      url: baseUrl().meta({
        description: "Where it is reached, without the API's path.",
        example: "http://127.0.0.1:9093",
      }),
      headers: headers().meta({
        description: HEADERS,
        example: { "X-Scope-OrgID": "ops" },
        otherwise: "none",
      }),
    }).meta({ description: "Prometheus Alertmanager.", example: "alerts" }),
    pagerduty(),
  ]);

/** `[notify]`: a table by name for each destination. */
export const notifySchema = () =>
  z.record(destinationName(), destination()).default({}).describe(
    "Where alert events go besides the server: one table each, under any name of a-z, 0-9, _ and -. Each has a queue " +
      "of its own, and none delays another.",
  );

/** One destination that passed the schema. */
export type DestinationSettings = z.output<ReturnType<typeof destination>>;
