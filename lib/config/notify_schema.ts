/** What a file may say about the destinations of alert events besides the server. */
import { z } from "zod";
import { nonEmpty } from "./fields.ts";
import { readHttpUrl } from "./http_url.ts";

/** The name is a file's name too. */
const destinationName = z.string().regex(
  /^[a-z][a-z0-9_-]{0,31}$/,
  "is no name for a destination; use up to 32 of a-z, 0-9, _ and -, with a letter first",
).refine((name) => name !== "server", "is taken, for it means the control server; choose another name");

/** The message says it all. */
const quiet = { quiet: true };

const url = z.string().transform((text, context) => {
  const reading = readHttpUrl(text);
  if ("url" in reading) return reading.url;
  context.addIssue({
    code: "custom",
    message: `cannot be used: ${reading.problem}`,
    params: quiet,
  });
  return z.NEVER;
});

const baseUrl = url.superRefine(({ pathname, search }, context) => {
  const refuse = (problem: string) =>
    context.addIssue({ code: "custom", message: `cannot be used: ${problem}`, params: quiet });
  if (search !== "") refuse("it has a query (the part from ? on); leave it out");
  if (/\/api\/v\d(?:\/|$)/.test(pathname)) {
    refuse("it has the API's path (from /api on), which is added; leave it out");
  }
});

/** These say how long the body is and how the connection is used: the runtime's business. */
const FRAMING = ["connection", "content-length", "te", "trailer", "transfer-encoding", "upgrade"];

const headerName = z.string().regex(
  /^[\w!#$%&'*+.^`|~-]+$/,
  'has a name that is no header\'s; write { Name = "value" }',
).refine(
  (name) => !FRAMING.includes(name.toLowerCase()),
  `has one of ${FRAMING.join(", ")}, which the agent sets itself; leave it out`,
);

const headers = z.record(
  headerName,
  z.string().trim().min(1).refine((value) => /^[\x20-\x7e]*$/.test(value), {
    message: "has a control or non-ASCII character; use printable ASCII on one line",
    params: quiet,
  }),
).default({});

const pagerduty = z.strictObject({
  type: z.literal("pagerduty"),
  routing_key: nonEmpty.optional(),
  routing_key_file: nonEmpty.optional(),
  url: url.prefault("https://events.pagerduty.com/v2/enqueue"),
  source: nonEmpty.optional(),
}).refine(
  ({ routing_key, routing_key_file }) => routing_key === undefined || routing_key_file === undefined,
  {
    path: ["routing_key_file"],
    message: "cannot stand beside routing_key; keep one of them",
    params: quiet,
  },
).refine(({ routing_key, routing_key_file }) => routing_key !== undefined || routing_key_file !== undefined, {
  path: ["routing_key"],
  message: "is missing; set it, or routing_key_file",
  params: quiet,
});

const destination = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("console") }),
  z.strictObject({
    type: z.literal("webhook"),
    url,
    method: z.enum(["POST", "PUT", "PATCH"]).default("POST"),
    headers,
    batch: z.boolean().default(false),
  }),
  z.strictObject({ type: z.literal("alertmanager"), url: baseUrl, headers }),
  pagerduty,
]);

/** `[notify]`: a table by name for each destination. */
export const notifySchema = z.record(destinationName, destination).default({});

/** One destination that passed the schema. */
export type DestinationSettings = z.output<typeof destination>;
